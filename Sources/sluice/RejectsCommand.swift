import ArgumentParser
import Glibc
import Ingest

/// `sluice rejects`: what was refused, and another try.
struct RejectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejects",
        abstract: "List refused lines, show them, or send them the whole way again.",
        subcommands: [List.self, Show.self, Replay.self])

    /// Which lines a subcommand is about.
    struct Selection: ParsableArguments {
        @OptionGroup var options: ConfigurationOptions

        @Option(help: "Only lines of this listener.")
        var source: String?

        @Option(help: "Only lines refused for this reason, as list spells it.")
        var reason: String?

        @Option(help: "Only lines that begin with this measurement.")
        var measurement: String?

        var filter: RejectsFilter {
            RejectsFilter(source: source, reason: reason, measurement: measurement)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Count refused lines by reason, listener and measurement, with examples.")

        @OptionGroup var selection: Selection

        @Flag(help: "Print a JSON object.")
        var json = false

        func run() throws {
            var list = RejectsList()
            try forEachReject(selection) { entry in
                list.add(entry)
                return true
            }
            if json { print(list.json) } else { for line in list.lines { print(line) } }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print refused lines as they came, each behind a comment with the reason.")

        @OptionGroup var selection: Selection

        @Option(help: "At most so many lines.")
        var limit: Int?

        @Flag(help: "The lines alone.")
        var raw = false

        func run() throws {
            var left = limit ?? .max
            guard left > 0 else { return }
            var output = RawOutput()
            try forEachReject(selection) { entry in
                if !raw { output.add(entry.comment) }
                output.add(entry.line)
                left -= 1
                return left > 0
            }
            output.flush()
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send refused lines the whole way again.",
            discussion: """
                What goes in is taken out of the refused lines; what is refused again stays, with \
                its new reason. The daemon may run meanwhile. When it is interrupted, or the \
                database goes away, the same command goes on where it was. Ends with 0 when every \
                line went in, with 65 when some were refused again, and with 69 when the database \
                cannot take them now. Root works as the owner of the ring's directory.
                """)

        @OptionGroup var selection: Selection

        func run() throws {
            let configuration = try selection.options.load()
            try become(ownerOf: configuration.ring.directory)
            StopSignals.install()
            let output = LogOutput(format: .text, level: .error)
            let replay = RejectsReplay(
                configuration, selection.filter, logger: output.logger(),
                isWanted: { !StopSignals.isRequested })
            let outcome: RejectsReplay.Outcome
            do {
                outcome = try replay.perform()
            } catch {
                report("\(error)")
                throw ExitCode(EX_IOERR)
            }
            tell(outcome)
            if let why = outcome.stopped {
                report("not all lines were replayed: \(why); the same command goes on")
                throw ExitCode(EX_UNAVAILABLE)
            }
            if outcome.tally.rejectedTotal > 0 { throw ExitCode(EX_DATAERR) }
        }

        private func tell(_ outcome: RejectsReplay.Outcome) {
            let tally = outcome.tally
            print("\(tally.lines) lines replayed")
            print("  \(tally.rows) rows")
            if tally.duplicates > 0 { print("  \(tally.duplicates) duplicates") }
            for reason in RejectReason.all {
                let count = tally.rejected[Int(reason.rawValue)]
                if count > 0 { print("  \(count) refused again, \(reason.name)") }
            }
        }
    }
}

/// Goes through what the selection takes; what cannot be read is told.
private func forEachReject(
    _ selection: RejectsCommand.Selection, _ body: (RejectsEntry) -> Bool
) throws {
    let archive = RejectsArchive(try selection.options.load())
    do throws(RejectsError) {
        for problem in try archive.forEach(selection.filter, body) { report(problem) }
    } catch {
        report(error.description)
        throw ExitCode(EX_NOINPUT)
    }
}

/// Bytes to standard output, whatever they are, each piece on a line.
private struct RawOutput {
    private var bytes: [UInt8] = []
    private static let flushBytes = 1 << 16

    mutating func add(_ line: [UInt8]) {
        bytes += line
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count >= Self.flushBytes { flush() }
    }

    mutating func flush() {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                unsafe write(STDOUT_FILENO, all.baseAddress! + done, all.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            done += count
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
