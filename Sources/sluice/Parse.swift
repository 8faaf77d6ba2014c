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
            and with 66 when a file cannot be read.
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
                output.flush()
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
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { bytes in
                unsafe read(descriptor, bytes.baseAddress, bytes.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(file, errno) }
            if count == 0 { break }
            unsafe piece.withUnsafeBytes { bytes in
                unsafe decoder.feed(UnsafeRawBufferPointer(rebasing: bytes[..<count])) {
                    output.add($0)
                }
            }
            output.flush()
        }
        decoder.finish(eof) { output.add($0) }
        output.flush()
    }
}

/// Why the input could not be read to its end.
private enum ParseFailure: Error {
    case unreadable(String, Int32)

    var exitCode: Int32 { EX_NOINPUT }

    var message: String {
        switch self {
        case .unreadable(let file, let code):
            unsafe "cannot read \(file): \(String(cString: strerror(code))); name a readable file"
        }
    }
}

/// The names of `Precision` on the command line.
enum PrecisionName: String, CaseIterable, ExpressibleByArgument {
    case ns, us, ms, s, m, h

    var precision: Precision { Precision(rawValue)! }
}

extension StreamEnd: ExpressibleByArgument {}
