import Glibc
import TestSupport
import Testing

@testable import Ring

private func resize(
    _ path: String, _ capacity: Int, boot: UInt64 = 1
) throws(RingError) -> Resizing {
    var configuration = RingConfiguration(path: path, capacity: capacity, overflow: .dropNewest)
    configuration.boot = boot
    return try Ring.resize(configuration)
}

@Suite struct ResizeTests {
    @Test(arguments: [8192, 4096 * 40, 4096])
    func `a ring of another size holds everything that it held`(capacity: Int) throws {
        let specimen = try Specimen()
        var ring: Ring? = try openRing(specimen.path).ring
        for index in 0...1 { ring?.addIntake(index, IntakeWords(repeating: UInt64(index + 3))) }
        let before = try #require(ring).snapshot()
        let confirmed = ring?.confirmedPosition
        let (identity, created) = (ring?.identity, ring?.createdAt)
        ring = nil
        let resizing = try resize(specimen.path, capacity)
        #expect(resizing.before == 4096 && resizing.after == capacity)
        #expect(resizing.frames == specimen.frames.count)
        let (again, report) = try openRing(specimen.path)
        #expect(report.isFlawless && report.isComplete && report.jumpTarget == nil)
        #expect(again.capacity == capacity && again.contents() == specimen.frames)
        let after = again.snapshot()
        #expect(after.tail == before.tail && after.head == before.head)
        #expect(again.identity == identity && again.createdAt == created)
        #expect(again.confirmedPosition == confirmed && again.source(0) == "north")
        #expect(again.ledger(of: 1).intake[29] == 4 && again.isBalanced)
        #expect(specimen.folder.names == ["ring"])
        var status = stat()
        stat(specimen.path, &status)
        #expect(Int(status.st_size) == Ring.fileBytes(capacity: capacity))
        #expect(Int(status.st_blocks) * 512 >= Int(status.st_size))
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `a ring that went through sizes works on in each of them`() throws {
        let folder = Folder()
        let path = folder.file("ring")
        var dice = Dice(state: seed("a ring that went through sizes"))
        var expected: [Kept] = []
        var serial: Int64 = 0
        try openRing(path, capacity: 8192).ring.close()
        for _ in 0..<60 * effort {
            var ring: Ring! = try openRing(path, boot: UInt64(1 + dice.below(2))).ring
            #expect(ring.contents() == expected && ring.isBalanced)
            for _ in 0..<dice.below(20) {
                serial += 1
                let frame = Kept(
                    FrameInfo(receivedAt: serial, source: UInt16(dice.below(90))),
                    dice.bytes(dice.below(500)))
                if ring.append([frame]).lost.isEmpty { expected.append(frame) }
            }
            if let pinned = ring.pin(byteLimit: .max, frameLimit: 1 + dice.below(30)) {
                try ring.release(to: pinned.end)
                expected.removeFirst(pinned.count)
            }
            let used = ring.snapshot().usedBytes
            if dice.below(2) == 0 { try ring.close() }
            ring = nil
            let capacity = 4096 * (1 + dice.below(6))
            do throws(RingError) {
                _ = try resize(path, capacity)
            } catch {
                #expect(used + 64 + 24 > capacity, "\(error)")
            }
        }
    }

    @Test func `a size that is too small is refused with what is needed`() throws {
        let folder = Folder()
        let path = folder.file("ring")
        let (ring, _) = try openRing(path, capacity: 8192)
        let frames = (0..<6).map { _ in
            Kept(FrameInfo(receivedAt: 0, source: 0), [UInt8](repeating: 1, count: 968))
        }
        ring.append(frames)
        try ring.close()
        let message = refusal { () throws(RingError) in try resize(path, 4096) }
        #expect(message.contains("need 6064 bytes"))
        let again = try openRing(path).ring
        #expect(again.capacity == 8192 && again.contents() == frames)
        #expect(folder.names == ["ring"])
    }

    @Test func `a disk without room, or a ring that somebody has, leaves it as it is`() throws {
        let folder = Folder()
        let path = folder.file("ring")
        let (ring, _) = try openRing(path)
        #expect(
            refusal { () throws(RingError) in try resize(path, 8192) }.contains("in use"))
        ring.append([text("one")])
        try ring.close()
        let message = refusal { () throws(RingError) in try resize(path, RingLimits.capacityMax) }
        #expect(message.contains("no room"))
        #expect(folder.names == ["ring"])
        #expect(try openRing(path).ring.contents() == [text("one")])
        let missing = refusal { () throws(RingError) in try resize(folder.file("x"), 8192) }
        #expect(missing.contains("No such file") && folder.names == ["ring"])
    }

    @Test func `damage is put aside before the size changes`() throws {
        let specimen = try Specimen()
        var changed = specimen.bytes
        changed[specimen.places[3].lowerBound] ^= 1
        writeFile(specimen.path, changed)
        let resizing = try resize(specimen.path, 8192)
        #expect(resizing.recovery.damageCount == 1)
        var expected = specimen.frames
        expected.remove(at: 3)
        let (ring, report) = try openRing(specimen.path)
        #expect(report.isFlawless && ring.contents() == expected)
    }

    /// The steps that a kill can fall between are few: the old file stands until the rename.
    @Test func `a resizing that was killed leaves the ring that was`() throws {
        let specimen = try Specimen()
        writeFile(specimen.path + ".creating", Array(specimen.bytes[..<100_000]))
        let (ring, report) = try openRing(specimen.path)
        #expect(report.isFlawless && ring.contents() == specimen.frames)
        #expect(specimen.folder.names == ["ring"])
    }
}
