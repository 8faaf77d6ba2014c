import Glibc
import SystemPackage
import TestSupport

@testable import Ingest

/// Takes chunks as the rings and the database together would: what was offered is stored at once,
/// and what is stored already is passed over.
final class MemoryOutlet: FileOutlet {
    /// How far each file is, as `sluice_progress` would say.
    private(set) var rows: [FileIdentity: KnownFile] = [:]
    /// How often each number was stored.
    private(set) var counts: [Int: Int] = [:]
    /// Lines that are no numbered ones.
    private(set) var strangers = 0
    /// Loses what is offered, as a ring does that drops its oldest frames.
    var losesChunks = false
    /// Has no room.
    var isFull = false

    func knownFiles() -> [KnownFile]? { Array(rows.values) }

    func offer(_ chunk: FileChunk, section: Int, lines: UnsafeRawBufferPointer) -> Bool {
        if isFull { return false }
        if losesChunks { return true }
        let identity = chunk.key.identity
        let isRestart = chunk.flags.contains(.restart)
        let position = isRestart ? chunk.start : rows[identity]?.position ?? 0
        if chunk.start > position { return true }
        rows[identity] = KnownFile(chunk.key, position: max(position, chunk.end))
        let new = lines.dropFirst(Int(min(position - chunk.start, UInt64(lines.count))))
        for line in new.split(separator: UInt8(ascii: "\n")) {
            if let number = NumberedLog.number(of: line) {
                counts[number, default: 0] += 1
            } else {
                strangers += 1
            }
        }
        return true
    }

    func state(of identity: FileIdentity) -> FileOutletState {
        FileOutletState(committed: rows[identity], isPending: false)
    }

    func forget(_ identity: FileIdentity) {}

    func startIsOver(reading files: Set<FileIdentity>) {}

    /// What is not there once, of the numbers below `end`.
    func wrong(below end: Int) -> [Int: Int] {
        var wrong: [Int: Int] = [:]
        for number in 0..<end where counts[number] != 1 { wrong[number] = counts[number] ?? 0 }
        return wrong
    }
}

/// A program that appends numbered lines to a file that stays open, and what is done to its files.
final class NumberedLog: @unchecked Sendable {
    // Sendable: one thread uses it at a time.
    let path: FilePath
    private(set) var next = 0
    private var descriptor: FileDescriptor

    init(_ path: FilePath) throws {
        self.path = path
        descriptor = try Self.open(path)
    }

    deinit { try? descriptor.close() }

    private static func open(_ path: FilePath) throws -> FileDescriptor {
        try FileDescriptor.open(
            path, .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
    }

    private static let prefix = "numbered value="
    private static let digits = 9

    /// Bytes of a line.
    static let lineBytes = prefix.utf8.count + digits + 1

    static func number(of line: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard line.count == lineBytes - 1, line.starts(with: prefix.utf8) else { return nil }
        return Int(String(decoding: line.suffix(digits), as: UTF8.self))
    }

    private static func line(_ number: Int) -> String {
        let text = String(number)
        return prefix + String(repeating: "0", count: digits - text.count) + text + "\n"
    }

    /// Lines of these numbers.
    static func bytes(_ numbers: Range<Int>) -> [UInt8] {
        Array(numbers.map(line).joined().utf8)
    }

    /// Appends lines, in one call.
    func write(_ count: Int) throws {
        try descriptor.writeAll(Self.bytes(next..<next + count))
        next += count
    }

    func write(_ text: String) throws {
        try descriptor.writeAll(text.utf8)
    }

    func truncate(to lines: Int = 0) throws {
        try descriptor.resize(to: Int64(lines * Self.lineBytes))
    }

    /// As `cp` does.
    func copy(to name: String) throws {
        let source = try FileDescriptor.open(path, .readOnly)
        defer { try? source.close() }
        let target = try Self.open(path.removingLastComponent().appending(name))
        defer { try? target.close() }
        try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
            while case let count = try source.read(into: buffer), count > 0 {
                try target.writeAll(buffer[..<count])
            }
        }
    }

    /// Gives a file of the same folder another name.
    func show(_ hidden: String, as name: String) throws {
        let folder = path.removingLastComponent()
        guard rename(folder.appending(hidden).string, folder.appending(name).string) == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    /// Gives the file another name and begins a new one, some lines later.
    func rotate(to name: String, linesMore: Int) throws {
        try show(path.lastComponent!.string, as: name)
        try write(linesMore)
        try descriptor.close()
        descriptor = try Self.open(path)
    }
}

/// A reader over one folder, driven by hand.
final class DrivenReader {
    let outlet = MemoryOutlet()
    let folder: FilePath
    let reader: FilesReader
    private let temporary: TemporaryFolder
    /// How far the reader's clock is ahead of ours.
    private var ahead = Duration.zero

    /// Follows `pattern` in a new folder, which `fill` may fill first.
    init(_ pattern: String = "a.lp*", fill: (FilePath) throws -> Void = { _ in }) throws {
        temporary = try TemporaryFolder()
        folder = FilePath(temporary.path)
        try fill(folder)
        let settings = Configuration.Files(
            path: folder.appending(pattern).string, name: "logs", mode: .follow,
            precision: .nanoseconds, aheadMax: .zero, ageMax: .zero, unchanged: .seconds(1),
            done: .keep, doneDirectory: "", rescan: .seconds(1))
        reader = FilesReader([settings], outlet: outlet, descriptorsMax: 1_000) { _ in }
    }

    /// One turn.
    ///
    /// - Returns: how long it wants to rest.
    @discardableResult
    func turn() -> Duration { reader.turn(now: .now + ahead) }

    /// Rests until the kernel tells something.
    func wait(atMost time: Duration) {
        var descriptor = pollfd(fd: reader.descriptor, events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, Int32(time / .milliseconds(1)))
    }

    /// Together longer than anything that the reader waits for before it judges a file.
    private static let settlingTurns = 200
    private static let settlingStep = Duration.milliseconds(100)

    /// Turns until nothing is left to do, with time that passes by itself.
    func settle() {
        for _ in 0..<Self.settlingTurns {
            turn()
            ahead += Self.settlingStep
        }
    }
}
