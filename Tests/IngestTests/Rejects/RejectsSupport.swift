import Foundation
import LineProtocol
import Ring
import Testing

@testable import Ingest

/// A folder for rejects that is gone when the test is over.
final class RejectsFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/sluice-rejects-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The names of all files but the lock, sorted.
    var names: [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return all.filter { $0 != ".lock" }.sorted()
    }

    func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    var totalBytes: Int {
        get throws { try names.reduce(0) { try $0 + read($1).count } }
    }

    func settings(
        size: Int = 1 << 30, fileSize: Int = 8 << 20, fileAge: Duration = .seconds(86_400)
    ) -> Configuration.Rejects {
        Configuration.Rejects(
            directory: path, size: size, fileSize: fileSize, fileAge: fileAge)
    }

    func writer(
        _ settings: Configuration.Rejects? = nil, lane: String = "0", lanes: Int = 1,
        ring: RingIdentity = .one, now: @escaping @Sendable () -> Int64 = { testTime },
        disk: RejectsDisk = .kernel
    ) -> RejectsWriter {
        RejectsWriter(
            settings ?? self.settings(), lane: lane, lanes: lanes, ring: ring,
            sourceName: { $0 == 0 ? "main" : nil }, now: now, disk: disk)
    }

    /// All entries of all whole blocks, oldest file first, whether they hold or not.
    func entries() throws -> [RejectsEntry] {
        var entries: [RejectsEntry] = []
        let directory = RejectsDirectory(path: path, size: 0, lanes: 1)
        for file in try directory.files() {
            let reader = try RejectsReader.open(directory.path(of: file.name))
            guard let reader else { continue }
            let damaged = try reader.forEach(in: 0..<reader.survey.blocks.count) {
                entries.append($0)
            }
            #expect(damaged == 0 && reader.survey.damages.isEmpty)
        }
        return entries
    }

    /// The lines of all entries.
    func lines() throws -> [String] {
        try entries().map { String(decoding: $0.line, as: UTF8.self) }
    }
}

/// 2026-08-01T12:00:00.123456Z.
let testTime: Int64 = 1_785_585_600_123_456_789

extension RingIdentity {
    static let one = RingIdentity(low: 0x0123_4567_89AB_CDEF, high: 0xFEDC_BA98_7654_3210)
    static let other = RingIdentity(low: 1, high: 2)
}

extension RejectsWriter {
    /// Takes a line that is no line protocol.
    mutating func add(_ line: String) {
        add(bytes: Array(line.utf8))
    }

    mutating func add(bytes: [UInt8], reason: RejectReason = RejectReason(.field)) {
        bytes.withUnsafeBufferPointer { buffer in
            var nothing: UInt8 = 0
            withUnsafePointer(to: &nothing) { empty in
                add(
                    ByteSlice(base: buffer.baseAddress ?? empty, count: buffer.count), source: 0,
                    reason: reason, receivedAt: 1_700_000_000_000_000_000, precision: .seconds)
            }
        }
    }

    /// A whole batch that is committed.
    mutating func commit(_ lines: [String], end: UInt64) {
        for line in lines { add(line) }
        write(end: end)
        settle(upTo: end)
    }
}
