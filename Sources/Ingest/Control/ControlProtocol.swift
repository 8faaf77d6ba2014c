import Glibc
package import Systemd

/// What the daemon can be asked while it runs, over a Unix socket that its user and root may use.
///
/// One request on one line, one answer, and the connection is closed. The first line of the answer
/// is `done` or `failed`.
package enum ControlRequest: String, Sendable, CaseIterable {
    /// Takes up the changed configuration, and answers when that is done.
    case reload
    /// How the daemon is, for people.
    case status
    /// The same as a JSON object.
    case statusJSON = "status json"
}

/// What the daemon answers.
package struct ControlAnswer: Sendable, Equatable {
    package let isDone: Bool
    package let lines: [String]

    package init(isDone: Bool, lines: [String]) {
        self.isDone = isDone
        self.lines = lines
    }

    /// - Parameter text: as it came; `nil` when it broke off before its first line ended.
    init?(_ text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count > 1, ["done", "failed"].contains(lines[0]) else { return nil }
        isDone = lines.removeFirst() == "done"
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
    }

    var text: String {
        ([isDone ? "done" : "failed"] + lines).map { "\($0)\n" }.joined()
    }
}

/// Why the daemon could not be asked; one line, and the exit code of sysexits(3).
package struct ControlError: Error, CustomStringConvertible, Sendable {
    package let description: String
    package let exitCode: Int32
}

/// Where the control socket is.
package enum ControlSocket {
    private static let name = "control"
    private static let standardDirectory = "/run/sluice"
    /// A request is a few words.
    static let requestBytesMax = 64
    /// How long a connection may take to ask, and to take its answer: they come one after another.
    static let patience = Duration.seconds(2)
    /// How long a command waits for the answer: a reload reads a file.
    static let answerPatience = Duration.seconds(60)

    /// For the daemon: in systemd's runtime directory, else beside the ring.
    static func path(
        of configuration: Configuration, environment: EnvironmentLookup = processEnvironment
    ) -> String {
        path(environment) ?? "\(configuration.ring.directory)/\(name)"
    }

    /// For commands: where the service has it, or a daemon with this configuration.
    ///
    /// - Parameter configuration: of a daemon that was started by hand; `nil` for the service,
    ///   whose socket is found whatever the file says now.
    package static func path(
        _ configuration: Configuration?, environment: EnvironmentLookup = processEnvironment
    ) -> String {
        if let configuration { return path(of: configuration, environment: environment) }
        return path(environment) ?? "\(standardDirectory)/\(name)"
    }

    private static func path(_ environment: EnvironmentLookup) -> String? {
        managedDirectory("RUNTIME_DIRECTORY", environment: environment).map { "\($0)/\(name)" }
    }
}
