import Glibc

/// Something that the tests need could not be done.
package struct TestSupportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Runs programs and takes what they print.
package enum Command {
    package struct Output: Sendable {
        /// The exit code, or 128 and the signal's number.
        package let status: Int32
        /// Standard output and standard error as they came.
        package let text: String
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - arguments: the program, found by PATH or by its path, and what it is told.
    ///   - input: what it reads on standard input.
    package static func run(_ arguments: [String], input: String = "") throws -> Output {
        let outputPipe = try Pipe()
        let inputPipe = try Pipe()
        let process = try spawn(
            arguments, files: [0: inputPipe.reader, 1: outputPipe.writer, 2: outputPipe.writer])
        close(outputPipe.writer)
        close(inputPipe.reader)
        // Short enough for the pipe's buffer, so nobody waits for the other.
        precondition(input.utf8.count < 60_000, "input is too long for a pipe without a reader")
        // A program may end without reading; that is no reason to be killed.
        _ = Array(input.utf8).withUnsafeBytes {
            send(inputPipe.writer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        close(inputPipe.writer)
        let text = readAll(outputPipe.reader)
        close(outputPipe.reader)
        return Output(status: wait(for: process), text: text)
    }

    /// Runs a program and throws what it printed when it fails.
    @discardableResult
    package static func succeed(_ arguments: [String], input: String = "") throws -> String {
        let output = try run(arguments, input: input)
        guard output.status == 0 else {
            let name = arguments.joined(separator: " ")
            throw TestSupportError("'\(name)' ended with \(output.status): \(output.text)")
        }
        return output.text
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - files: its descriptors, by number, and what they are here; it gets no others.
    ///   - ownSession: keeps the terminal's signals away from it.
    package static func spawn(
        _ arguments: [String], files: [Int32: Int32], ownSession: Bool = false
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, file) in files.sorted(by: { $0.key < $1.key }) {
            posix_spawn_file_actions_adddup2(&actions, file, number)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        let session = ownSession ? POSIX_SPAWN_SETSID : 0
        posix_spawnattr_setflags(&attributes, Int16(session | POSIX_SPAWN_SETSIGMASK))
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let status = posix_spawnp(&process, words[0]!, &actions, &attributes, &words, environ)
        guard status == 0 else {
            throw TestSupportError(
                "cannot start \(arguments[0]): \(String(cString: strerror(status)))")
        }
        return process
    }

    private static let POSIX_SPAWN_SETSID: Int32 = 0x80
    private static let POSIX_SPAWN_SETSIGMASK: Int32 = 0x08

    /// Waits for a program's end.
    @discardableResult
    package static func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private static func readAll(_ file: Int32) -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(file, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A pipe that programs inherit only where they are given an end of it: with a write end in some
/// other program, the reader would never see the end.
struct Pipe {
    let reader: Int32
    let writer: Int32

    /// Sockets, because those can be made close-on-exec in one step.
    init() throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw TestSupportError("cannot make a pipe: errno \(errno)")
        }
        (reader, writer) = (ends[0], ends[1])
    }
}
