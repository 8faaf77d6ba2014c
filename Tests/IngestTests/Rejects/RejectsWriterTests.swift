import Foundation
import LineProtocol
import Ring
import TestSupport
import Testing

@testable import Ingest

@Suite struct RejectsWriterTests {
    @Test func `a refused line is kept as it came, behind a comment that says why`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        let line = Array("weather,station=a temperature=\"x\n\" 1".utf8)
        line.withUnsafeBufferPointer { bytes in
            writer.add(
                ByteSlice(base: bytes.baseAddress!, count: bytes.count), source: 0,
                reason: RejectReason(sqlState: "23505"), receivedAt: 1_700_000_000_000_000_000,
                precision: .milliseconds, sqlState: "23505", table: "\"public\".\"we\"\"ather\"",
                detail: "Key \"a\"\nis \u{7F}there\u{85}")
        }
        writer.write(end: 4096)
        writer.settle(upTo: 4096)
        #expect(folder.names == ["rejects-0-00000001.lp"])
        let text = try String(decoding: folder.read("rejects-0-00000001.lp"), as: UTF8.self)
        let block = """
            # 2026-08-01T12:00:00.123456Z source="main" reason=unique_violation sqlstate=23505 \
            table="public"."we""ather" received=1700000000000000000 precision=ms bytes=36 \
            detail="Key \\"a\\"\\x0ais \\x7fthere\\xc2\\x85"
            weather,station=a temperature="x
            " 1

            """
        #expect(
            text == """
                # sluice rejects 1, 2026-08-01T12:00:00.123456Z
                # batch ring=efcdab89674523011032547698badcfe end=00000000000000004096 \
                lines=00000000000000000001 bytes=\(padded(block.utf8.count))
                \(block)
                """)
        #expect(writer.counters == RejectsCounters(keptLines: 1, keptBytes: 36))
        #expect(writer.problem == nil)
        let entry = try #require(try folder.entries().first)
        #expect(entry.line == line && entry.sqlState == "23505" && entry.source == "main")
        #expect(entry.table == "\"public\".\"we\"\"ather\"" && entry.time == testTime / 1000 * 1000)
        #expect(
            entry.detail == "Key \"a\"\nis \u{7F}there\u{85}" && entry.precision == .milliseconds)
        #expect(entry.receivedAt == 1_700_000_000_000_000_000 && entry.reason == "unique_violation")
    }

    private func padded(_ count: Int) -> String {
        String(repeating: "0", count: 20 - "\(count)".count) + "\(count)"
    }

    @Test func `only this user reads the files`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        writer.commit(["x"], end: 8)
        var status = stat()
        #expect(stat("\(folder.path)/\(folder.names[0])", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `batches follow each other in one file, and one without rejects leaves no trace`()
        throws
    {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        writer.commit([], end: 8)
        #expect(folder.names == [])
        writer.commit(["a", "b"], end: 16)
        writer.commit([], end: 24)
        writer.commit(["c"], end: 32)
        #expect(folder.names.count == 1)
        #expect(try folder.lines() == ["a", "b", "c"])
    }

    @Test func `a batch that is rolled back leaves no trace, however far it came`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        writer.commit(["a"], end: 8)
        let before = try folder.read(folder.names[0])
        writer.add("b")
        writer.giveUp()
        #expect(try folder.read(folder.names[0]) == before)
        writer.add("c")
        writer.write(end: 16)
        #expect(try folder.lines() == ["a", "c"])
        writer.giveUp()
        #expect(try folder.read(folder.names[0]) == before)
        for number in 0..<20_000 { writer.add("a long batch \(number)") }
        #expect(try folder.read(folder.names[0]).count > before.count)
        writer.giveUp()
        #expect(try folder.read(folder.names[0]) == before)
        #expect(writer.counters.keptLines == 1)
        writer.commit(["d"], end: 24)
        #expect(try folder.lines() == ["a", "d"])
    }

    @Test func `a block larger than the buffer is whole all the same`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        let lines = (0..<20_000).map { "a long batch \($0)" }
        writer.commit(lines, end: 8)
        let long = [UInt8](repeating: 0x61, count: 3 << 20)
        writer.add(bytes: long)
        writer.add("behind")
        writer.write(end: 16)
        writer.settle(upTo: 16)
        #expect(try folder.lines() == lines + [String(decoding: long, as: UTF8.self), "behind"])
    }

    @Test func `a lost answer to COMMIT is settled by the database's word`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        writer.add("in")
        writer.write(end: 8)
        writer.settle(upTo: 8)
        writer.add("out")
        writer.write(end: 16)
        writer.settle(upTo: 8)
        #expect(try folder.lines() == ["in"])
        writer.commit(["again"], end: 16)
        #expect(try folder.lines() == ["in", "again"])
        #expect(writer.counters.keptLines == 2)
    }

    @Test func `whatever a kill leaves of the last block, it holds only if the batch is in`() throws
    {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        writer.commit(["first"], end: 8)
        let name = folder.names[0]
        let before = try folder.read(name).count
        writer.add("second")
        writer.add(bytes: [0x0A, 0x22, 0xFF, 0x0D])
        writer.write(end: 16)
        let whole = try folder.read(name)
        // Its process is gone, and so is its lock.
        writer.giveUp()
        for count in before...whole.count {
            for position in [UInt64(8), 16] {
                try folder.write(name, Array(whole[..<count]))
                var next = folder.writer()
                next.settle(upTo: position)
                let isIn = count == whole.count && position == 16
                if count > before, count < whole.count, position == 16 {
                    // It cannot be: what is committed is on the disk. Nothing more is lost then.
                    #expect(try folder.lines().first == "first")
                    continue
                }
                #expect(try folder.lines().count == (isIn ? 3 : 1), "\(count) \(position)")
                next.commit(["third"], end: 24)
                #expect(try folder.lines().last == "third")
                #expect(try folder.lines().count == (isIn ? 4 : 2), "\(count) \(position)")
                try folder.write(name, [])
                for other in folder.names where other != name {
                    unlink("\(folder.path)/\(other)")
                }
            }
        }
    }

    @Test func `a block that was never finished is cut off, whatever the database says`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        writer.commit(["first"], end: 8)
        for number in 0..<20_000 { writer.add("a long batch \(number)") }
        var next = folder.writer()
        writer.giveUp()
        let whole = try folder.read(folder.names[0])
        var torn = whole + Array("# batch ring=\(RingIdentity.one) end=".utf8)
        torn += Array("00000000000000000000 lines=00000000000000000000 ".utf8)
        torn += Array("bytes=00000000000000000000\nsomething".utf8)
        try folder.write(folder.names[0], torn)
        next.settle(upTo: 1 << 40)
        #expect(try folder.lines() == ["first"])
        #expect(try folder.read(folder.names[0]).count == whole.count + 10)
    }

    @Test func `a block of another ring is left alone`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        writer.commit(["old"], end: 800)
        var next = folder.writer(ring: .other)
        next.settle(upTo: 0)
        next.commit(["new"], end: 8)
        #expect(try folder.lines() == ["old", "new"])
        #expect(folder.names.count == 1)
    }

    @Test func `a database that was restored does not undo what was refused`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer()
        writer.settle(upTo: 0)
        writer.commit(["a"], end: 800)
        // It has less, and the process goes on; then both begin anew.
        writer.settle(upTo: 100, confirmed: 800)
        var next = folder.writer()
        next.settle(upTo: 100, confirmed: 100)
        #expect(try folder.lines() == ["a"])
        next.commit(["b"], end: 900)
        // The process begins anew first.
        var last = folder.writer()
        last.settle(upTo: 100, confirmed: 900)
        last = folder.writer()
        last.settle(upTo: 100, confirmed: 100)
        #expect(try folder.lines() == ["a", "b"])
        // The batch behind it is rolled back.
        last.commit(["c"], end: 1_000)
        last.add("d")
        last.write(end: 1_100)
        last.settle(upTo: 100, confirmed: 1_000)
        last = folder.writer()
        last.settle(upTo: 100, confirmed: 100)
        #expect(try folder.lines() == ["a", "b", "c"])
    }

    @Test func `nothing is kept where that is wished, and all of it is counted`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer(folder.settings(size: 0))
        writer.settle(upTo: 0)
        writer.commit(["a", "b"], end: 8)
        writer.add("c")
        writer.giveUp()
        #expect(folder.names == [])
        #expect(writer.counters == RejectsCounters(unkeptLines: 2))
        #expect(writer.problem == nil)
    }
}

extension RejectsCounters {
    init(keptLines: UInt64 = 0, keptBytes: UInt64 = 0, unkeptLines: UInt64 = 0) {
        self.init()
        self.keptLines = keptLines
        self.keptBytes = keptBytes
        self.unkeptLines = unkeptLines
    }
}
