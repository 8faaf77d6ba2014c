import Glibc
package import Logging
package import Systemd

/// Where log entries go, decided once at start.
package struct LogOutput: Sendable {
    /// Change its level, and every logger made here follows.
    package let level: LogLevelSwitch
    private let journal: Journal?
    private let text: TextOutput

    /// - Parameters:
    ///   - format: with `.journal`, entries go to journald even when standard error does not;
    ///     where journald does not listen, text is what is left, and its first line says so.
    ///   - socket: where journald listens.
    ///   - descriptor: where text goes.
    package init(
        format: Configuration.LogFormat, level: Logger.Level,
        environment: EnvironmentLookup = processEnvironment,
        socket: String = Journal.standardSocket, descriptor: Int32 = STDERR_FILENO
    ) {
        self.level = LogLevelSwitch(level)
        text = TextOutput(descriptor)
        let isWanted =
            switch format {
            case .text: false
            case .journal: true
            case .auto: journalIsConnected(environment: environment, descriptor: descriptor)
            }
        let journal = isWanted ? Journal(socket: socket) : nil
        self.journal = journal?.isListening == true ? journal : nil
        if isWanted && !isJournal {
            logger().warning(
                "journald does not listen: entries are lines of text",
                metadata: ["socket": "\(socket)"])
        }
    }

    package var isJournal: Bool { journal != nil }

    /// - Parameter label: the part of the daemon that speaks.
    package func logger(_ label: String = "sluice") -> Logger {
        Logger(label: label) { label in
            if let journal {
                JournalLogHandler(label: label, journal: journal, level: level)
            } else {
                TextLogHandler(label: label, level: level, output: text)
            }
        }
    }
}
