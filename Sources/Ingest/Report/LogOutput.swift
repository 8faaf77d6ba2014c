package import Logging
package import Systemd

/// Where log entries go, decided once at start.
package struct LogOutput: Sendable {
    /// Change its level, and every logger made here follows.
    package let level: LogLevelSwitch
    private let journal: Journal?

    /// - Parameter format: with `.journal`, entries go to journald even when standard error does
    ///   not; where no socket can be made, text is what is left.
    package init(
        format: Configuration.LogFormat, level: Logger.Level,
        environment: EnvironmentLookup = processEnvironment
    ) {
        self.level = LogLevelSwitch(level)
        switch format {
        case .text: journal = nil
        case .journal: journal = Journal()
        case .auto: journal = journalIsConnected(environment: environment) ? Journal() : nil
        }
    }

    package var isJournal: Bool { journal != nil }

    /// - Parameter label: the part of the daemon that speaks.
    package func logger(_ label: String = "sluice") -> Logger {
        Logger(label: label) { label in
            if let journal {
                JournalLogHandler(label: label, journal: journal, level: level)
            } else {
                TextLogHandler(label: label, level: level)
            }
        }
    }
}
