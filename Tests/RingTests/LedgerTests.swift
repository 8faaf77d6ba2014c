import Testing

@testable import Ring

private func frame(_ source: UInt16, _ length: Int = 8) -> Kept {
    Kept(FrameInfo(receivedAt: 0, source: source), [UInt8](repeating: 7, count: length))
}

private func intake(_ value: UInt64) -> IntakeWords {
    var words = IntakeWords(repeating: value)
    words[29] = value &* 2
    return words
}

@Suite struct LedgerTests {
    let folder = Folder()
    var path: String { folder.file("ring") }

    private func staged(_ index: Int, _ frames: [Kept], _ value: UInt64) -> StagedOutcome {
        let batch = FrameCount(
            frames: UInt64(frames.count), bytes: UInt64(frames.reduce(0) { $0 + $1.payload.count }))
        return StagedOutcome(index: index, batch: batch, totals: OutcomeWords(repeating: value))
    }

    @Test func `a ring that counted nothing has no records`() throws {
        let (ring, report) = try openRing(path)
        #expect(ring.ledgerIndexes.isEmpty && ring.isBalanced && report.sources.isEmpty)
        let entry = ring.ledger(of: 87)
        #expect(entry.intake[0] == 0 && entry.outcome[91] == 0 && entry.inRing == FrameCount())
    }

    @Test func `what came in survives the process, by record`() throws {
        var ring: Ring? = try openRing(path).ring
        for _ in 0..<5 { ring?.addIntake(3, intake(7)) }
        ring?.addIntake(87, intake(1))
        ring = nil
        ring = try openRing(path).ring
        ring?.addIntake(3, intake(.max))
        #expect(ring?.ledger(of: 3).intake[0] == 34)
        #expect(ring?.ledger(of: 3).intake[29] == 68)
        #expect(ring?.ledger(of: 87).intake[0] == 1)
        #expect(ring?.ledgerIndexes == [3, 87])
    }

    @Test func `sources share the last record from its index on`() throws {
        #expect(Ring.ledgerIndex(of: 86) == 86 && Ring.ledgerIndex(of: 87) == 87)
        #expect(Ring.ledgerIndex(of: 88) == 87 && Ring.ledgerIndex(of: .max) == 87)
        let (ring, _) = try openRing(path)
        ring.append([frame(87), frame(88), frame(255, 16), frame(3)])
        #expect(ring.ledger(of: 87).inRing == FrameCount(frames: 3, bytes: 32))
        #expect(ring.ledger(of: 3).inRing == FrameCount(frames: 1, bytes: 8))
        #expect(ring.isBalanced && ring.ledgerIndexes == [3, 87])
    }

    @Test func `what is staged holds once its frames are released`() throws {
        let (ring, _) = try openRing(path)
        ring.append([frame(1), frame(2), frame(1)])
        let pinned = try #require(ring.pin(byteLimit: .max))
        ring.stage([staged(1, [frame(1), frame(1)], 5), staged(2, [frame(2)], 6)].span, end: 120)
        #expect(ring.ledger(of: 1).outcome[0] == 0, "not yet")
        try ring.release(to: pinned.end)
        #expect(ring.ledger(of: 1).outcome[91] == 5 && ring.ledger(of: 2).outcome[0] == 6)
        #expect(ring.ledger(of: 1).inRing == FrameCount() && ring.isBalanced)
    }

    @Test func `what was rolled back is forgotten, and can be staged anew`() throws {
        let (ring, _) = try openRing(path)
        ring.append([frame(1)])
        ring.stage([staged(1, [frame(1)], 5)].span, end: 40)
        ring.unstage()
        try ring.resume(after: 40)
        #expect(ring.ledger(of: 1).outcome[0] == 0)
        ring.append([frame(1)])
        ring.stage([staged(1, [frame(1)], 8)].span, end: 80)
        ring.stage([staged(1, [frame(1)], 9)].span, end: 80)
        try ring.release(to: 80)
        #expect(ring.ledger(of: 1).outcome[0] == 9 && ring.isBalanced)
    }

    @Test(arguments: [false, true])
    func `after a kill at the COMMIT the database says which totals hold`(
        isCommitted: Bool
    ) throws {
        var ring: Ring? = try openRing(path).ring
        ring?.append([frame(1), frame(1)])
        ring?.stage([staged(1, [frame(1)], 5)].span, end: 40)
        try ring?.release(to: 40)
        ring?.stage([staged(1, [frame(1)], 6)].span, end: 80)
        ring = nil
        let again = try openRing(path).ring
        #expect(again.ledger(of: 1).outcome[0] == 5 && again.ledger(of: 1).inRing.frames == 1)
        var settlements: [Settlement] = []
        try again.resume(after: isCommitted ? 80 : 40) { settlement, _ in
            settlements.append(settlement)
        }
        #expect(again.ledger(of: 1).outcome[0] == (isCommitted ? 6 : 5))
        #expect(again.ledger(of: 1).inRing.frames == (isCommitted ? 0 : 1))
        #expect(settlements.map(\.counted.frames) == (isCommitted ? [1] : []))
        #expect(settlements.allSatisfy { $0.uncounted == FrameCount() })
    }

    @Test func `a kill in the middle of staging leaves the totals before`() throws {
        let (ring, _) = try openRing(path)
        ring.append([frame(1), frame(1)])
        ring.stage([staged(1, [frame(1)], 5)].span, end: 40)
        try ring.release(to: 40)
        let before = readFile(path)
        ring.stage([staged(1, [frame(1)], 6)].span, end: 80)
        let after = readFile(path)
        let offset = Layout.ledgerOffset + Layout.ledgerRecordBytes + Layout.intakeBlockBytes
        let copy = isSame(Array(before[offset..<offset + 768]), Array(after[offset..<offset + 768]))
        let place = offset + (copy ? 1024 : 0)
        for length in stride(from: 0, to: 760, by: 8) {
            var torn = before
            torn.replaceSubrange(place + 760..<place + 768, with: repeatElement(0, count: 8))
            torn.replaceSubrange(place..<place + length, with: after[place..<place + length])
            let other = Folder()
            writeFile(other.file("ring"), torn)
            let (ring, report) = try openRing(other.file("ring"))
            #expect(report.damagedLedgerRecords == 0, "\(length)")
            #expect(ring.ledger(of: 1).outcome[0] == 5)
        }
    }

    @Test func `frames that may be in the database are not dropped as the oldest`() throws {
        var ring: Ring? = try openRing(path).ring
        let big = frame(1, 968)
        ring?.append([big, big, big, big])
        ring?.stage([staged(1, [big], 5)].span, end: 1000)
        ring = nil
        let again = try openRing(path, overflow: .dropOldest).ring
        #expect(again.append([big]).lost.map(\.0) == [.droppedNewest])
        try again.resume(after: 1000)
        #expect(again.append([big]).lost.map(\.0) == [.droppedOldest])
        #expect(again.ledger(of: 1).inRing.frames == 3 && again.isBalanced)
    }

    @Test func `frames that no outcome counts are told, and the answer is kept`() throws {
        var ring: Ring? = try openRing(path).ring
        ring?.append([frame(1), frame(2), frame(2)])
        ring = nil
        ring = try openRing(path).ring
        try ring?.resume(after: 80) { settlement, totals in
            #expect(settlement.uncounted == FrameCount(frames: 1, bytes: 8))
            totals[17] += settlement.uncounted.frames
        }
        ring = nil
        ring = try openRing(path).ring
        #expect(ring?.ledger(of: 1).outcome[17] == 1 && ring?.ledger(of: 2).outcome[17] == 1)
        #expect(ring?.ledger(of: 2).inRing.frames == 1)
    }

    @Test func `a damaged frame of a batch that was committed is told as found`() throws {
        var ring: Ring? = try openRing(path).ring
        ring?.append([frame(1), frame(1)])
        ring?.stage([staged(1, [frame(1), frame(1)], 5)].span, end: 80)
        ring = nil
        var bytes = readFile(path)
        bytes[Layout.headerBytes + 32] ^= 1
        writeFile(path, bytes)
        let (again, report) = try openRing(path)
        #expect(report.sources.map(\.damaged) == [FrameCount(frames: 1, bytes: 8)])
        #expect(report.damages.map(\.source) == [1])
        var settlement: Settlement?
        try again.resume(after: 80) { told, _ in settlement = told }
        #expect(settlement?.counted.frames == 1 && settlement?.missing.frames == 1)
    }

    @Test func `totals stay when the database goes back, and its frames return`() throws {
        var ring: Ring? = try openRing(path).ring
        ring?.append([frame(1), frame(1)])
        ring?.stage([staged(1, [frame(1)], 5)].span, end: 40)
        try ring?.release(to: 40)
        for _ in 0..<2 {
            #expect(try ring?.resume(after: 0) != nil)
            #expect(ring?.ledger(of: 1).outcome[0] == 5)
            ring = nil
            ring = try openRing(path).ring
        }
        ring?.stage([staged(1, [frame(1)], 6)].span, end: 80)
        try ring?.release(to: 80)
        #expect(ring?.ledger(of: 1).outcome[0] == 6)
    }
}
