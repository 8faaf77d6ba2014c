import Glibc
import Testing

@testable import Ring

/// A ring's file with frames around the end of its area, and how it can be broken.
struct Specimen {
    let folder = Folder()
    let bytes: [UInt8]
    let frames: [Kept]
    /// Offsets in the file of each frame's bytes, without the few that fill it up to eight.
    let places: [Range<Int>]

    var path: String { folder.file("ring") }

    /// Frames that are full to the last byte, so that every byte of theirs matters.
    init() throws {
        let (ring, _) = try openRing(folder.file("ring"))
        _ = try ring.register(source: "north")
        for _ in 0..<2 { ring.addIntake(0, IntakeWords(repeating: 5)) }
        var dice = Dice(state: 11)
        let size = { (index: Int) in [16, 96, 200, 8, 0, 400][index % 6] }
        let all = (0..<40).map { index in
            Kept(FrameInfo(receivedAt: Int64(index), source: 0), dice.bytes(size(index)))
        }
        ring.append(Array(all[..<20]))
        let first = try #require(ring.pin(byteLimit: .max, frameLimit: 15))
        let outcome = StagedOutcome(
            index: 0,
            batch: FrameCount(frames: 15, bytes: first.reduce(0) { $0 + UInt64($1.payload.count) }),
            totals: OutcomeWords(repeating: 9))
        ring.stage([outcome].span, end: first.end)
        try ring.release(to: first.end)
        ring.append(Array(all[20..<36]))
        let pinned = try #require(ring.pin(byteLimit: .max))
        frames = pinned.map { Kept($0) }
        places = pinned.map { frame in
            let start = Layout.headerBytes + Int(frame.position) % 4096
            return start..<start + 32 + frame.payload.count
        }
        bytes = readFile(folder.file("ring"))
        #expect(frames == Array(all[15..<36]))
        #expect(places.contains { $0.lowerBound < places[0].lowerBound }, "it goes around the end")
    }

    /// Opens the file with other contents in place, as after a crash of the daemon alone (`boot` 1)
    /// or of the machine.
    func reopen(_ changed: [UInt8], boot: UInt64) throws -> (ring: Ring, report: RecoveryReport) {
        writeFile(path, changed)
        return try openRing(path, boot: boot)
    }

    func dropDamageFiles() {
        for name in folder.names where name.contains("damaged") { unlink(folder.file(name)) }
    }
}

/// Whether all of `part` are in `whole`, in this order.
func isInOrder(_ part: [Kept], in whole: [Kept]) -> Bool {
    var rest = whole[...]
    for frame in part {
        guard let index = rest.firstIndex(of: frame) else { return false }
        rest = rest[(index + 1)...]
    }
    return true
}

@Suite struct DamageTests {
    @Test(arguments: [UInt64(1), 2])
    func `a flipped bit costs the frame that it hits and no other`(boot: UInt64) throws {
        let specimen = try Specimen()
        var dice = Dice(state: seed("a flipped bit"))
        for offset in Layout.headerBytes..<specimen.bytes.count {
            var changed = specimen.bytes
            changed[offset] ^= 1 << dice.below(8)
            let (ring, report) = try specimen.reopen(changed, boot: boot)
            let hit = specimen.places.firstIndex { $0.contains(offset) }
            var expected = specimen.frames
            if let hit {
                expected.remove(at: hit)
                #expect(report.framesMissing == 1, "at \(offset)")
                #expect(report.damageCount == 1)
                #expect(report.damagedBytes == specimen.places[hit].count)
                #expect(report.damages.first?.fileOffset == specimen.places[hit].lowerBound)
            }
            #expect(ring.contents() == expected, "at \(offset)")
        }
        let kept = specimen.folder.names.filter { $0.contains("damaged") }
        #expect(kept.count >= specimen.frames.count)
    }

    @Test(arguments: [UInt64(1), 2])
    func `a flipped bit in the header costs nothing`(boot: UInt64) throws {
        let specimen = try Specimen()
        var dice = Dice(state: seed("a flipped bit in the header"))
        let blocks = [0..<512, 4096..<4608, 8192..<8256, 12288..<12352, 8704..<8768, 12800..<12864]
        let registry = [16384..<16397, 49152..<49165]
        for offset in (blocks + registry).joined() {
            var changed = specimen.bytes
            changed[offset] ^= 1 << dice.below(8)
            let (ring, report) = try specimen.reopen(changed, boot: boot)
            #expect(isInOrder(specimen.frames, in: ring.contents()), "at \(offset)")
            #expect(ring.source(0) == "north")
            if offset < 8192 { #expect(report.isHeaderRepaired) }
            if offset >= 16384 { #expect(report.damagedSourceNames == 1) }
        }
    }

    @Test func `what was damaged is put aside, and the next start finds nothing wrong`() throws {
        let specimen = try Specimen()
        var changed = specimen.bytes
        let place = specimen.places[3]
        changed[place.lowerBound] ^= 0x80
        var (ring, report): (Ring?, RecoveryReport) = try specimen.reopen(changed, boot: 1)
        let position = try #require(report.firstBadPosition)
        let name = "ring.damaged-\(ring!.identity)-\(position)"
        #expect(readFile(specimen.folder.file(name)) == Array(changed[place]))
        let rest = ring!.contents()
        ring = nil
        (ring, report) = try openRing(specimen.path)
        #expect(report.isFlawless && ring!.contents() == rest)
    }

    @Test func `damage that cannot be put aside is told and stops no start`() throws {
        let specimen = try Specimen()
        var changed = specimen.bytes
        let place = specimen.places[3]
        changed[place.lowerBound] ^= 0x80
        let (first, _) = try specimen.reopen(changed, boot: 1)
        let name = specimen.folder.file(
            try #require(specimen.folder.names.first { $0.contains("damaged") }))
        unlink(name)
        let rest = first.contents()
        try first.close()
        // As on a full disk: nothing can be written there.
        mkdir(name + ".writing", 0o700)
        defer { rmdir(name + ".writing") }
        let (ring, report) = try specimen.reopen(changed, boot: 1)
        #expect(report.bytesNotKept == place.count && report.keepFailure != nil)
        #expect(ring.contents() == rest)
        #expect(specimen.folder.names.count == 2)
        let left = Array(readFile(specimen.path)[place.dropFirst(16)])
        #expect(left == Array(changed[place.dropFirst(16)]), "until frames overwrite it")
    }

    @Test func `bytes that were put aside are never overwritten by others`() throws {
        let specimen = try Specimen()
        let place = specimen.places[3]
        for bit in [UInt8(1), 2, 1] {
            var changed = specimen.bytes
            changed[place.lowerBound + 33] ^= bit
            _ = try specimen.reopen(changed, boot: 1)
        }
        let names = specimen.folder.names.filter { $0.contains("damaged") }
        #expect(names.count == 2 && names[1] == names[0] + "-2", "and the same ones are kept once")
        let kept = names.map {
            readFile(specimen.folder.file($0))[33] ^ specimen.bytes[place.lowerBound + 33]
        }
        #expect(kept == [1, 2])
    }

    @Test(arguments: [UInt64(1), 2])
    func `a truncated file keeps the frames that are left`(boot: UInt64) throws {
        let specimen = try Specimen()
        for length in stride(from: 1, to: specimen.bytes.count, by: 8) {
            if length < Layout.headerBytes && length % 4096 != 1 { continue }
            let changed = Array(specimen.bytes[..<length])
            guard length >= Layout.headerBytes else {
                writeFile(specimen.path, changed)
                let message = refusal { () throws(RingError) in try openRing(specimen.path) }
                #expect(message.contains("too short"))
                #expect(isSame(readFile(specimen.path), changed))
                continue
            }
            let (ring, report) = try specimen.reopen(changed, boot: boot)
            #expect(report.restoredBytes == specimen.bytes.count - length)
            let whole = zip(specimen.frames, specimen.places).filter { frame, place in
                // Zeros cannot be told from zeros that were cut off.
                place.upperBound <= length
                    || specimen.bytes[max(place.lowerBound, length)..<place.upperBound]
                        .allSatisfy { $0 == 0 }
            }
            #expect(ring.contents() == whole.map(\.0), "\(length) bytes")
            #expect(report.framesMissing == specimen.frames.count - whole.count)
        }
    }

    @Test func `a broken jump marker costs nothing but itself`() throws {
        let specimen = try Specimen()
        var (ring, report): (Ring?, RecoveryReport) = try specimen.reopen(specimen.bytes, boot: 2)
        let more = [text("after the jump"), text("and one more")]
        let offset = Layout.headerBytes + ring!.state.withLock { $0.mark.head.offset } - 16
        ring!.append(more)
        ring = nil
        var changed = readFile(specimen.path)
        changed[offset] ^= 1
        (ring, report) = try specimen.reopen(changed, boot: 2)
        #expect(report.framesMissing == 0 && report.damageCount == 1)
        #expect(ring!.contents() == specimen.frames + more)
        ring = nil
        (ring, report) = try openRing(specimen.path, boot: 2)
        #expect(report.isFlawless && ring!.contents() == specimen.frames + more)
    }

    @Test func `broken jump markers cost nothing but themselves`() throws {
        let specimen = try Specimen()
        writeFile(specimen.path, specimen.bytes)
        var frames = specimen.frames
        var markers: [Int] = []
        for boot in UInt64(2)...4 {
            let (ring, _) = try openRing(specimen.path, boot: boot)
            markers.append(Layout.headerBytes + ring.state.withLock { $0.mark.head.offset } - 16)
            let more = (0..<3).map { text("\($0) of boot \(boot)") }
            ring.append(more)
            frames += more
        }
        var changed = readFile(specimen.path)
        for offset in markers { changed[offset] ^= 1 }
        let (ring, report) = try specimen.reopen(changed, boot: 4)
        #expect(report.framesMissing == 0 && report.damageCount == markers.count)
        #expect(ring.contents() == frames)
    }

    @Test func `a position that may have been used before is never used again`() throws {
        let specimen = try Specimen()
        // The disk has an older state than the database, which knows of more frames.
        let committed = UInt64(20_000)
        let (ring, report) = try specimen.reopen(specimen.bytes, boot: 2)
        #expect(try #require(report.jumpTarget) > committed)
        ring.append([text("new")])
        #expect(try ring.resume(after: committed) == .skipped(frames: specimen.frames.count))
        #expect(ring.contents() == [text("new")])
    }
}
