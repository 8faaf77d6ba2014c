import ArgumentParser
import Glibc
import Ingest

/// `sluice run`: the daemon.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Receive readings and write them, until SIGTERM.",
        discussion: """
            Starts with or without the database, and keeps what arrives until it is written. \
            SIGTERM and SIGINT stop it in order, SIGHUP takes up a changed configuration.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try load()
        let output = LogOutput(
            format: configuration.log.format, level: configuration.log.level)
        let code: Int32
        do throws(Pipeline.StartError) {
            code = try await Daemon(configuration, path: options.config, output: output).run()
        } catch {
            output.logger().event(.startFailed, .critical, "\(error.description)")
            throw ExitCode(error.exitCode)
        }
        if code != EX_OK { throw ExitCode(code) }
    }

    /// A service's problems are entries that alarms find; a person's are plain lines.
    private func load() throws -> Configuration {
        let output = LogOutput(format: .auto, level: .info)
        guard output.isJournal else { return try options.load() }
        let logger = output.logger()
        return try options.load { logger.event(.configurationInvalid, .error, "\($0)") }
    }
}

/// What every command that works with the configuration takes.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "The configuration file.")
    var config = Configuration.standardPath

    /// Reads the file, or tells each problem by itself and ends.
    func load(tell: (String) -> Void = { report($0) }) throws -> Configuration {
        do throws(ConfigurationError) {
            return try Configuration.load(path: config)
        } catch {
            for line in error.lines { tell(line) }
            throw ExitCode(error.exitCode)
        }
    }
}
