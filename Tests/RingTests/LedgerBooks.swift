import Testing

@testable import Ring

/// Keeps the books of a ring as a daemon would, in a few words of each block.
struct Books {
    /// Pairs of words: frames, and bytes behind them.
    enum Intake {
        static let accepted = 0
        static let droppedOldest = 2
        static let lost = 4
    }

    enum Outcome {
        static let taken = 0
        static let stored = 2
        static let found = 4
        static let returned = 6
        /// The last one, so that a block that is cut short would be noticed.
        static let check = LedgerLimits.outcomeWordCount - 1
    }

    let ring: Ring

    func totals(_ index: Int) -> OutcomeWords { ring.ledger(of: index).outcome }

    /// What the record says of frames that it cannot account for; all zero when the law holds.
    func imbalance(_ index: Int) -> (frames: Int64, bytes: Int64) {
        let entry = ring.ledger(of: index)
        func sum(_ offset: Int) -> Int64 {
            let intake = { (word: Int) in Int64(bitPattern: entry.intake[word + offset]) }
            let outcome = { (word: Int) in Int64(bitPattern: entry.outcome[word + offset]) }
            let inRing = offset == 0 ? entry.inRing.frames : entry.inRing.bytes
            let left = intake(Intake.accepted) + outcome(Outcome.returned) + outcome(Outcome.found)
            let gone = intake(Intake.droppedOldest) + intake(Intake.lost)
            return left - gone - outcome(Outcome.taken) - outcome(Outcome.stored) - Int64(inRing)
        }
        return (sum(0), sum(1))
    }

    /// After opening: what is in the ring and was never counted has come in; what was counted and
    /// is not there is lost.
    func reconcile() -> (lost: Int64, accepted: Int64) {
        var all: (lost: Int64, accepted: Int64) = (0, 0)
        for index in 0..<LedgerLimits.recordCount {
            let missing = imbalance(index)
            var delta = IntakeWords(repeating: 0)
            delta[missing.frames < 0 ? Intake.accepted : Intake.lost] =
                UInt64(missing.frames.magnitude)
            delta[(missing.bytes < 0 ? Intake.accepted : Intake.lost) + 1] =
                UInt64(missing.bytes.magnitude)
            if missing != (0, 0) { ring.addIntake(index, delta) }
            all.lost += max(0, missing.frames)
            all.accepted += max(0, -missing.frames)
        }
        return all
    }

    func expectLaw(_ what: String) {
        #expect(ring.isBalanced, "\(what)")
        for index in 0..<LedgerLimits.recordCount {
            #expect(imbalance(index) == (0, 0), "\(what): record \(index)")
            let totals = totals(index)
            #expect(totals[Outcome.check] == totals[Outcome.taken] &* 3, "\(what): \(index)")
        }
    }

    func count(_ frames: [Kept], as word: Int) {
        for (index, frames) in frames.byRecord {
            var delta = IntakeWords(repeating: 0)
            delta[word] = frames.frames
            delta[word + 1] = frames.bytes
            ring.addIntake(index, delta)
        }
    }

    /// What a batch makes of its records.
    func outcomes(_ batch: [Kept]) -> [StagedOutcome] {
        batch.byRecord.map { index, frames in
            var totals = totals(index)
            totals[Outcome.taken] &+= frames.frames
            totals[Outcome.taken + 1] &+= frames.bytes
            totals[Outcome.check] = totals[Outcome.taken] &* 3
            return StagedOutcome(index: index, batch: frames, totals: totals)
        }
    }

    func stage(_ batch: [Kept], end: UInt64) {
        let outcomes = outcomes(batch)
        ring.stage(outcomes.span, end: end)
    }

    @discardableResult
    func resume(after position: UInt64) throws(RingError) -> Resumption {
        try ring.resume(after: position) { settlement, totals in
            func add(_ count: FrameCount, _ word: Int) {
                totals[word] &+= count.frames
                totals[word + 1] &+= count.bytes
            }
            add(settlement.uncounted, Outcome.stored)
            add(settlement.missing, Outcome.found)
            add(settlement.returned, Outcome.returned)
        }
    }
}

extension [Kept] {
    /// How many of each record, in the records' order.
    var byRecord: [(index: Int, frames: FrameCount)] {
        var counts: [Int: FrameCount] = [:]
        for frame in self {
            counts[Ring.ledgerIndex(of: frame.info.source), default: FrameCount()].add(
                frame.payload.count)
        }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
