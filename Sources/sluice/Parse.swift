import ArgumentParser
import Glibc
import LineProtocol

/// `sluice parse`: what Sluice would make of these lines.
struct Parse: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what Sluice makes of line protocol.",
        discussion: """
            Prints one JSON object per point or error, in the order of the input; blank lines and \
            comments give nothing. Ends with 0 when every line is good, with 65 when one is not, \
            with 66 when a file cannot be read, and with 74 when the output cannot be written.
            """)

    @Option(help: "The unit of the timestamps.")
    var precision: PrecisionName = .ns

    @Option(help: "The longest logical line, in bytes without its line end.")
    var maxLineBytes: Int = Limits.lineBytesDefault

    @Option(help: "How the input ends: a last line without line end is whole, or broken off.")
    var eof: StreamEnd = .clean

    @Argument(help: "The files to read; - or none for standard input.")
    var files: [String] = []

    func validate() throws {
        guard maxLineBytes >= 1, maxLineBytes <= Limits.lineBytesMax else {
            throw ValidationError("--max-line-bytes must be 1 to \(Limits.lineBytesMax).")
        }
    }

    func run() throws {
        var output = ParseOutput(namesFiles: files.count > 1)
        for file in files.isEmpty ? ["-"] : files {
            do {
                try parse(file, into: &output)
            } catch {
                try? output.flush()
                report(error.message)
                throw ExitCode(error.exitCode)
            }
        }
        if output.errorCount > 0 { throw ExitCode(EX_DATAERR) }
    }

    private func parse(_ file: String, into output: inout ParseOutput) throws(ParseFailure) {
        let descriptor = file == "-" ? STDIN_FILENO : unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(file, errno) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }

        var decoder = StreamDecoder(
            precision: precision.precision, lineBytesMax: maxLineBytes)
        output.file = file
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { unsafe piece.deallocate() }
        while true {
            let count = unsafe read(descriptor, piece.baseAddress, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(file, errno) }
            if count == 0 { break }
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: piece[..<count])
            try unsafe decoder.feed(bytes) { (batch) throws(ParseFailure) in
                try output.add(batch)
            }
            try output.flush()
        }
        try decoder.finish(eof) { (batch) throws(ParseFailure) in try output.add(batch) }
        try output.flush()
    }
}

/// Why the command could not go on to the input's end.
enum ParseFailure: Error {
    case unreadable(String, Int32)
    case unwritable(Int32)

    var exitCode: Int32 {
        switch self {
        case .unreadable: EX_NOINPUT
        case .unwritable: EX_IOERR
        }
    }

    var message: String {
        switch self {
        case .unreadable(let file, let code):
            unsafe "cannot read \(file): \(String(cString: strerror(code))); name a readable file"
        case .unwritable(let code):
            unsafe "cannot write standard output: \(String(cString: strerror(code)))"
        }
    }
}

/// The names of `Precision` on the command line.
enum PrecisionName: String, CaseIterable, ExpressibleByArgument {
    case ns, us, ms, s, m, h

    var precision: Precision { Precision(rawValue)! }
}

extension StreamEnd: ExpressibleByArgument {}
