import TestSupport
import Testing

@testable import Ring

/// A ring whose records 0 and 1 have both copies of both blocks.
private struct LedgerSpecimen {
    let folder = Folder()
    let bytes: [UInt8]
    var path: String { folder.file("ring") }

    init() throws {
        let (ring, _) = try openRing(folder.file("ring"))
        for turn in 1...3 as ClosedRange<UInt64> {
            let frames = [0, 1].map { Kept(FrameInfo(receivedAt: 0, source: $0), []) }
            ring.append(frames)
            let outcomes = [0, 1].map { index in
                StagedOutcome(
                    index: index, batch: FrameCount(frames: 1),
                    totals: OutcomeWords(repeating: turn * 10))
            }
            ring.stage(outcomes.span, end: turn * 64)
            try ring.release(to: turn * 64)
            for index in 0...1 { ring.addIntake(index, IntakeWords(repeating: 100)) }
        }
        bytes = readFile(folder.file("ring"))
    }

    func reopen(_ changed: [UInt8], boot: UInt64 = 1) throws -> (Ring, RecoveryReport) {
        writeFile(path, changed)
        return try openRing(path, boot: boot)
    }
}

@Suite struct LedgerDamageTests {
    @Test(arguments: [UInt64(1), 2])
    func `a flipped bit in the ledger costs at most the last change of its record`(
        boot: UInt64
    ) throws {
        let specimen = try LedgerSpecimen()
        var dice = Dice(state: seed("a flipped bit in the ledger"))
        let record = Layout.ledgerOffset..<Layout.ledgerOffset + Layout.ledgerRecordBytes
        for offset in stride(from: record.lowerBound + dice.below(5), to: record.upperBound, by: 5)
        {
            var changed = specimen.bytes
            changed[offset] ^= 1 << dice.below(8)
            let (ring, report) = try specimen.reopen(changed, boot: boot)
            #expect(report.damagedLedgerRecords == (boot == 1 ? 1 : 0), "at \(offset)")
            #expect([200, 300].contains(ring.ledger(of: 0).intake[29]))
            #expect([20, 30].contains(ring.ledger(of: 0).outcome[91]))
            #expect(ring.ledger(of: 1).intake[0] == 300 && ring.ledger(of: 1).outcome[0] == 30)
        }
    }

    @Test func `a record without a whole copy begins at zero, and that is told once`() throws {
        let specimen = try LedgerSpecimen()
        for boot in [UInt64(1), 2] {
            var changed = specimen.bytes
            for copy in [0, 1024] {
                changed[Layout.ledgerOffset + copy + 100] ^= 1
                changed[Layout.ledgerOffset + copy + 300] ^= 1
            }
            var (ring, report): (Ring?, RecoveryReport) = try specimen.reopen(changed, boot: boot)
            #expect(report.damagedLedgerRecords == 1 && !report.isFlawless)
            #expect(ring?.ledger(of: 0).intake[0] == 0 && ring?.ledger(of: 0).outcome[0] == 0)
            ring?.addIntake(0, IntakeWords(repeating: 1))
            ring = nil
            (ring, report) = try openRing(specimen.path, boot: boot)
            #expect(report.isFlawless && ring?.ledger(of: 0).intake[0] == 1)
        }
    }

    @Test func `whatever stands in the ledger, the ring opens and works`() throws {
        let specimen = try LedgerSpecimen()
        var dice = Dice(state: seed("whatever stands in the ledger"))
        for _ in 0..<300 * effort {
            var changed = specimen.bytes
            forge(&changed, &dice)
            var (ring, report): (Ring?, RecoveryReport) = try specimen.reopen(
                changed, boot: UInt64(1 + dice.below(2)))
            #expect(report.damageCount == 0)
            let frames = (0..<3).map { _ in
                Kept(FrameInfo(receivedAt: 0, source: UInt16(dice.below(3))), dice.bytes(900))
            }
            ring?.append(frames, overflow: .dropOldest)
            if dice.below(2) == 0 {
                let position = dice.next() >> UInt64(dice.below(64)) & ~7
                _ = try? Books(ring: ring!).resume(after: position)
                let books = Books(ring: ring!)
                if let pinned = ring?.pin(byteLimit: .max), pinned.start >= position {
                    books.stage(pinned.map { Kept($0) }, end: pinned.end)
                }
                ring?.unpin()
            }
            if let pinned = ring?.pin(byteLimit: 1000) { try ring?.release(to: pinned.end) }
            #expect(ring!.isBalanced)
            ring = nil
        }
    }

    /// Blocks with right checksums that say anything, and broken ones.
    private func forge(_ bytes: inout [UInt8], _ dice: inout Dice) {
        bytes.withUnsafeMutableBytes { all in
            let memory = Region(base: all.baseAddress!, count: all.count)
            let seed = try! Superblock.read(from: memory, path: "").superblock.identity.seed
            for _ in 0...dice.below(6) {
                let block = LedgerBlock(
                    header: memory, seed: seed, kind: dice.below(3) == 0 ? .intake : .outcome,
                    index: dice.below(3), copy: dice.below(2))
                for word in 0..<(dice.below(2) == 0 ? 3 : block.wordCount - 1) {
                    block.store(dice.next() >> UInt64(dice.below(64)), word)
                }
                if dice.below(5) > 0 { block.finish() }
            }
        }
    }
}
