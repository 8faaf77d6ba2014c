import Glibc
import TestSupport
import Testing

@testable import Ring

/// Files in a ring's place that can never be opened.
@Suite struct SetAsideTests {
    let folder = Folder()
    var path: String { folder.file("ring") }

    private func ringBytes() throws -> [UInt8] {
        try openRing(path).ring.close()
        let bytes = readFile(path)
        unlink(path)
        return bytes
    }

    /// Writes anything into both superblocks, with the right checksum.
    private func forge(_ bytes: inout [UInt8], _ change: (Region, Int) -> Void) {
        bytes.withUnsafeMutableBytes { all in
            let memory = Region(base: all.baseAddress!, count: all.count)
            for offset in Layout.superblockOffsets {
                change(memory, offset)
                memory.store32(memory.checksum(offset, 508), offset + 508)
            }
        }
    }

    private func expectSetAside(_ bytes: [UInt8], _ reason: String) throws {
        writeFile(path, bytes)
        do throws(RingError) {
            _ = try openRing(path)
            Issue.record("it was opened")
        } catch {
            #expect(error.isUnusableFile, "\(error)")
        }
        let aside = try #require(try Ring.setAside(path: path))
        #expect(aside.hasPrefix("\(path).unusable-\(reason)-2"))
        #expect(aside.wholeMatch(of: /.*-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?/) != nil)
        #expect(isSame(readFile(aside), bytes))
        let (ring, report) = try openRing(path)
        #expect(report.isNew && ring.contents().isEmpty)
        try ring.close()
        unlink(path)
    }

    @Test func `whatever can never be opened is renamed, and a ring takes its place`() throws {
        let ring = try ringBytes()
        var dice = Dice(state: seed("whatever can never be opened"))
        for bytes in [[], Array("hello".utf8), dice.bytes(300_000), Array(ring[..<100_000])] {
            try expectSetAside(bytes, "not-a-ring")
        }
        try expectSetAside(ring + [1], "size")
        var damaged = ring
        for place in [8192, 12288] { damaged[place] ^= 1 }
        try expectSetAside(damaged, "header")
        damaged = ring
        for place in Layout.superblockOffsets { damaged[place + 40] ^= 1 }
        try expectSetAside(damaged, "header")
        var other = ring
        forge(&other) { memory, offset in memory.store32(7, offset + 8) }
        try expectSetAside(other, "version-7")
        #expect(folder.names.count == 8, "nothing was overwritten")
    }

    @Test func `a ring that can be opened is not set aside`() throws {
        try openRing(path).ring.close()
        #expect(try Ring.setAside(path: path) == nil)
        #expect(try Ring.setAside(path: folder.file("other")) == nil)
        #expect(folder.names == ["ring"])
    }

    @Test func `what is no file, or somebody has, stays where it is`() throws {
        let (ring, _) = try openRing(path)
        #expect(
            refusal { () throws(RingError) in try Ring.setAside(path: path) }.contains("in use"))
        try ring.close()
        mkdir(folder.file("directory"), 0o700)
        defer { rmdir(folder.file("directory")) }
        symlink(path, folder.file("link"))
        for name in ["directory", "link"] {
            _ = refusal { () throws(RingError) in try Ring.setAside(path: folder.file(name)) }
        }
        #expect(folder.names == ["directory", "link", "ring"])
    }

    @Test func `whatever a forged header says, it is opened, refused or set aside`() throws {
        let ring = try ringBytes()
        var dice = Dice(state: seed("whatever a forged header says"))
        for _ in 0..<100 * effort {
            var forged = ring
            forge(&forged) { memory, offset in
                let capacities = [0, 4096, 8192, 4097, 1 << 20, 1 << 41, 1 << 42, 1 << 43, .max]
                memory.store(UInt64(capacities[dice.below(9)]), offset + 40)
                if dice.below(3) == 0 { memory.store(dice.next(), offset + 32) }
            }
            forgeSlots(&forged, &dice)
            writeFile(path, forged)
            do throws(RingError) {
                let (ring, report) = try openRing(path, boot: UInt64(dice.below(3)))
                #expect(report.frames == 0)
                ring.append([text("one"), text("two")])
                #expect(ring.contents().count == 2)
            } catch {
                #expect(isSame(readFile(path), forged), "left as it was: \(error)")
                if error.isUnusableFile { #expect(throws: Never.self) { try setAside() } }
            }
        }
    }

    private func setAside() throws {
        let aside = try #require(try Ring.setAside(path: path))
        unlink(aside)
    }

    /// Marks, sessions and confirmations with right checksums and extreme words.
    private func forgeSlots(_ bytes: inout [UInt8], _ dice: inout Dice) {
        bytes.withUnsafeMutableBytes { all in
            let memory = Region(base: all.baseAddress!, count: all.count)
            let low = memory.load(16)
            let seed = RingIdentity(low: low, high: memory.load(24)).seed
            let extremes: [UInt64] = [
                0, 8, 4088, 4096, 1 << 40, (1 << 63) - 8, (1 << 63) - 1, 1 << 63, .max,
            ]
            for offsets in [Layout.markSlots, Layout.sessionSlots, Layout.confirmationSlots]
            where dice.below(2) == 0 {
                var slots = Slots(header: memory, seed: seed, offsets: offsets)
                var words = Slots.Words(repeating: 0)
                for word in words.indices { words[word] = extremes[dice.below(9)] }
                slots.write(words)
            }
        }
    }
}
