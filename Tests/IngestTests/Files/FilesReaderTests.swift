import Glibc
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import Ingest

/// Followed files that are copied, cut and renamed at moments that count.
@Suite struct FilesReaderTests {
    @Test(arguments: ["a.lp.1", "a-1.lp", "other.lp"])
    func `a copy of what nobody has read yet is read once, with its original`(_ name: String) throws
    {
        let driven = try DrivenReader("*.lp*")
        let log = try NumberedLog(driven.folder.appending("a.lp"))
        driven.turn()
        try log.write(3_000)
        try log.copy(to: name)
        driven.settle()
        #expect(driven.outlet.wrong(below: log.next) == [:])
        try log.truncate()
        try log.write(10)
        driven.settle()
        #expect(driven.outlet.wrong(below: log.next) == [:])
    }

    @Test(arguments: ["a.lp.1", "a-1.lp", "other.lp"])
    func `a copy that is there at the start is read once, with its original`(_ name: String) throws
    {
        var log: NumberedLog!
        let driven = try DrivenReader("*.lp*") { folder in
            log = try NumberedLog(folder.appending("a.lp"))
            try log.write(3_000)
            try log.copy(to: name)
            try log.write(10)
        }
        driven.settle()
        #expect(driven.outlet.wrong(below: log.next) == [:])
    }

    @Test func `what is known of a file is what was read, though it was cut meanwhile`() throws {
        let driven = try DrivenReader()
        let log = try NumberedLog(driven.folder.appending("a.lp"))
        try log.write(1)
        driven.settle()
        let file = try #require(driven.reader.files.values.first)
        let bytes = NumberedLog.bytes(0..<300)
        try log.write(299)
        try log.truncate()
        let key = bytes.withUnsafeBytes { bytes in
            file.key(with: UnsafeRawBufferPointer(rebasing: bytes[NumberedLog.lineBytes...]))
        }
        let first = bytes.prefix(FileFingerprint.bytesMax)
        #expect(key.fingerprint == Array(first).withUnsafeBytes { FileFingerprint(of: $0) })
    }

    @Test func `what got lost is read from a copy that turns up when the file was cut`() throws {
        let driven = try DrivenReader()
        let log = try NumberedLog(driven.folder.appending("a.lp"))
        try log.write(1_000)
        driven.settle()
        driven.outlet.losesChunks = true
        try log.write(1_000)
        while driven.reader.files.values.first!.position < 2_000 * NumberedLog.lineBytes {
            driven.turn()
        }
        driven.outlet.losesChunks = false
        try log.copy(to: ".a.lp.1")
        try log.truncate()
        driven.settle()
        try #require(driven.outlet.wrong(below: log.next).count == 1_000)
        try log.show(".a.lp.1", as: "a.lp.1")
        try log.write(10)
        driven.settle()
        #expect(driven.outlet.wrong(below: log.next) == [:])
    }

    @Test func `a file that is cut while the end of a long line is looked for is read on`() throws {
        let driven = try DrivenReader()
        let log = try NumberedLog(driven.folder.appending("a.lp"))
        try log.write(String(repeating: "x", count: 3 * IngestLimits.lineBytesMax))
        driven.settle()
        try log.truncate()
        try log.write(10)
        driven.settle()
        #expect(driven.outlet.wrong(below: log.next) == [:])
        #expect(driven.outlet.strangers == 0)
    }

    @Test(arguments: ["*.lp", "*.lp*"])
    func `what is rotated while there is no room is read from where it is`(_ pattern: String) throws
    {
        let driven = try DrivenReader(pattern)
        let log = try NumberedLog(driven.folder.appending("a.lp"))
        driven.turn()
        driven.outlet.isFull = true
        try log.write(300)
        driven.settle()
        try log.copy(to: "a.lp.1")
        driven.settle()
        try log.truncate()
        try log.write(3)
        driven.settle()
        driven.outlet.isFull = false
        driven.settle()
        #expect(driven.outlet.wrong(below: log.next) == [:])
    }

    @Test func `what was rotated before the start is left alone, also when it is renamed`() throws {
        var old: NumberedLog!
        let driven = try DrivenReader("*.lp") { folder in
            old = try NumberedLog(folder.appending("a.lp.1"))
            try old.write(300)
        }
        driven.settle()
        try old.show("a.lp.1", as: "a.lp.2")
        driven.settle()
        #expect(driven.outlet.counts.isEmpty)
    }

    /// Copies, cuts and renames, by another thread while the reader is at work.
    @Test(arguments: ["a.lp*", "*.lp"])
    func `whatever happens at whatever moment, each line is read once`(_ pattern: String) throws {
        let seed = randomSeed(for: "files that change while they are read")
        let driven = try DrivenReader(pattern)
        let log = try NumberedLog(driven.folder.appending("a.lp"))
        let writer = PlainThread(name: "logger") {
            var random = SeededGenerator(seed: seed)
            for step in 0..<(150 * effort) { try! Self.change(log, step, &random) }
        }
        var random = SeededGenerator(seed: seed)
        while !writer.hasEnded {
            driven.outlet.isFull = Int.random(in: 0..<4, using: &random) == 0
            let rest = driven.turn()
            driven.wait(atMost: min(rest, .milliseconds(2)))
            // As when the processor has other things to do: more has happened at the next turn.
            usleep(
                UInt32.random(in: 0...1, using: &random)
                    * UInt32.random(in: 0..<4_000, using: &random))
        }
        writer.join()
        driven.outlet.isFull = false
        driven.settle()
        #expect(driven.outlet.wrong(below: log.next) == [:])
        #expect(driven.outlet.strangers == 0)
    }

    private static func change(
        _ log: NumberedLog, _ step: Int, _ random: inout SeededGenerator
    ) throws {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            try log.write([1, 2, 10, 300, 3_000].randomElement(using: &random)!)
            usleep([0, 0, 50, 300, 2_000].randomElement(using: &random)!)
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
            try log.copy(to: "a.lp.copy\(step)")
            try log.truncate()
        case 5..<7:
            try log.rotate(
                to: "a.lp.\(step)", linesMore: Int.random(in: 0...50, using: &random))
        default: break
        }
    }
}
