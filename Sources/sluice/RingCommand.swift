import ArgumentParser
import Glibc
import Ingest

/// `sluice ring`: looks at the rings' files.
struct RingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ring",
        abstract: "Look at what waits for the database, verify it, or change its size.",
        subcommands: [Show.self, Verify.self, Ledger.self, Resize.self])

    /// Which rings a subcommand works on.
    struct Files: ParsableArguments {
        @OptionGroup var options: ConfigurationOptions

        @Argument(help: "Rings' files (default: those of the configuration).")
        var files: [String] = []

        /// Does something to each of them, tells what went wrong with one and goes on.
        func forEach(_ body: (String) throws -> Int32) throws {
            let paths = try files.isEmpty ? RingFiles.paths(options.load()) : files
            var code = EX_OK
            for path in paths {
                do {
                    code = max(code, try body(path))
                } catch let error as RingCommandError {
                    report(error.description)
                    code = max(code, error.exitCode)
                }
            }
            if code != EX_OK { throw ExitCode(code) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what is in the rings, also while the daemon works on them.")

        @OptionGroup var files: Files

        @Flag(help: "Print a JSON object for each ring.")
        var json = false

        func run() throws {
            try files.forEach { path in
                let ring = try RingReport(path: path)
                if json { print(ring.json) } else { for line in ring.lines { print(line) } }
                return EX_OK
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read everything in the rings and tell each damage.",
            discussion: """
                Ends with 0 when the rings are sound, with 65 when one is damaged, and with 66 \
                when one is missing or is no ring. Changes nothing.
                """)

        @OptionGroup var files: Files

        func run() throws {
            try files.forEach { path in
                let ring = try RingReport(path: path)
                for problem in ring.problems { print(problem) }
                print(ring.verdict)
                return ring.isSound ? EX_OK : EX_DATAERR
            }
        }
    }

    struct Ledger: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Print what came in and what became of it, by listener, since the ring was made.",
            discussion: """
                Works while the daemon does, too. Ends with 65 when the figures of a ring that \
                nobody works on do not add up.
                """)

        @OptionGroup var files: Files

        @Flag(help: "Print a JSON object for each ring.")
        var json = false

        func run() throws {
            try files.forEach { path in
                let ledger = try LedgerReport(path: path)
                if json { print(ledger.json) } else { for line in ledger.lines { print(line) } }
                return ledger.isSound ? EX_OK : EX_DATAERR
            }
        }
    }

    struct Resize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give the rings another size and keep what is in them.",
            discussion: """
                The daemon must be stopped. The next start takes the size of the configuration \
                again: change ring.size too. Root works as the rings' owner.
                """)

        @Option(help: "Bytes for readings in each ring, as 512MiB.")
        var size: RingSize

        @OptionGroup var files: Files

        func run() throws {
            try files.forEach { path in
                try become(ownerOf: path)
                print(try RingFiles.resize(path, to: size.bytes))
                return EX_OK
            }
        }
    }
}

/// A ring's size on the command line.
struct RingSize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        guard let bytes = RingFiles.size(argument) else { return nil }
        self.bytes = bytes
    }
}
