import ArgumentParser
import Glibc
import Ingest

/// Which daemon is meant.
struct DaemonOptions: ParsableArguments {
    @Option(help: "The configuration of a daemon that was started by hand (default: the service).")
    var config: String?

    /// Asks it; ends when it cannot be asked.
    func ask(_ request: ControlRequest) throws -> ControlAnswer {
        var configuration: Configuration?
        if let config {
            var options = ConfigurationOptions()
            options.config = config
            configuration = try options.load()
        }
        do throws(ControlError) {
            return try ControlClient.ask(request, at: ControlSocket.path(configuration))
        } catch {
            report(error.description)
            throw ExitCode(error.exitCode)
        }
    }
}

/// `sluice status`: what `systemctl status` shows in one line, and the figures.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print how the running daemon is.",
        discussion: "Root and the daemon's user may ask. Ends with 69 when it is not running.")

    @OptionGroup var options: DaemonOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
        let answer = try options.ask(json ? .statusJSON : .status)
        guard answer.isDone else {
            for line in answer.lines { report(line) }
            throw ExitCode(EX_UNAVAILABLE)
        }
        for line in answer.lines { print(line) }
    }
}

/// `sluice reload`: what `systemctl reload` runs, because its end is the reload's end and its exit
/// code the reload's outcome.
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the running daemon take up its changed configuration.",
        discussion: """
            Returns when that is done. Ends with 78 when the new configuration is wrong: the old \
            one stays in force then.
            """)

    @OptionGroup var options: DaemonOptions

    func run() throws {
        let answer = try options.ask(.reload)
        // In the journal, the daemon itself has said all of it.
        if !isJournal {
            for line in answer.lines { report(answer.isDone ? line : "not reloaded: \(line)") }
        }
        if !answer.isDone { throw ExitCode(EX_CONFIG) }
    }

    private var isJournal: Bool { LogOutput(format: .auto, level: .info).isJournal }
}
