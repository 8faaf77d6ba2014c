import ArgumentParser
import Glibc
import Ingest
import LineProtocol

/// `sluice import`: files into the tables, once.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Load files of line protocol into the tables, once.",
        discussion: """
            Files may be compressed with gzip or zstd. How far each file is in is noted together with \
            its rows: after ctrl-C, a crash or an outage the same command goes on where it was, and \
            a file that is in is not loaded again. What comes from standard input or a pipe is \
            loaded as it comes, and cannot be gone on with. A running daemon is not disturbed. When \
            root runs it, it works as the owner of ring.directory, who must be able to read the files.

            Ends with 0 when every line is in, with 65 when lines were rejected or a file breaks off, \
            with 66 when a file could not be read, with 69 when the database cannot take rows, with \
            75 when another import is loading a file, with 130 after ctrl-C.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The files; - for standard input.")
    var files: [String]

    @Option(
        help: ArgumentHelp(
            """
            Connections that load at the same time (default: one for each processor, at most 4). \
            Tables whose duplicates are replaced are loaded by one.
            """, valueName: "count"))
    var lanes: Int?

    @Option(help: "The unit of the timestamps in the files: ns, us, ms, s, m or h.")
    var precision = PrecisionName.ns

    @Flag(help: "Parse and route everything, write nothing, and print what would happen.")
    var dryRun = false

    func validate() throws {
        if let lanes, !(1...ImportLimits.lanesMax ~= lanes) {
            throw ValidationError("--lanes must be 1 to \(ImportLimits.lanesMax).")
        }
        if files.isEmpty { throw ValidationError("Name at least one file.") }
    }

    func run() throws {
        let configuration = try options.load()
        // Refused lines go to files that are the service's.
        try become(ownerOf: configuration.ring.directory)
        signal(SIGPIPE, SIG_IGN)
        StopSignals.install()
        let terminal = ErrorTerminal()
        let output = LogOutput(format: .text, level: .warning)
        let run = ImportRun(
            configuration,
            ImportRun.Options(
                names: files, lanes: lanes ?? ImportRun.lanesDefault,
                precision: precision.precision,
                isDry: dryRun),
            display: ImportDisplay(
                isTerminal: terminal.isTerminal, columns: terminal.columns,
                write: { terminal.write($0) }),
            logger: output.logger(), isWanted: { !StopSignals.isRequested },
            tell: { report($0) })
        let summary: ImportSummary
        do throws(ImportError) {
            summary = try run.perform()
        } catch {
            report(error.description)
            throw ExitCode(error.exitCode)
        }
        for line in summary.lines(isDry: dryRun) { print(line) }
        try end(summary)
    }

    private func end(_ summary: ImportSummary) throws {
        switch summary.stopped {
        case .interrupted:
            report("stopped; the same command goes on where it was")
            throw ExitCode(128 + SIGINT)
        case .held(let why):
            report("stopped: \(why); the same command goes on where it was")
            throw ExitCode(EX_UNAVAILABLE)
        case nil: break
        }
        if let code = summary.exitCode { throw ExitCode(code) }
        if summary.outcome.rejectedTotal > 0 || summary.brokenFiles > 0 {
            throw ExitCode(EX_DATAERR)
        }
    }
}

/// Standard error, where progress is shown.
private struct ErrorTerminal {
    let isTerminal = isatty(STDERR_FILENO) == 1

    var columns: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
        }
        return Int(size.ws_col)
    }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
        }
    }
}
