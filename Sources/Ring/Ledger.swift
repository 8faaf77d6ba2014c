/// Counters of one source, or of a few that share a record. The ring keeps them beside the frames
/// and gives no meaning to them.
package enum LedgerLimits {
    /// Records in the header; sources from the last record's index on share it.
    package static let recordCount = 88
    /// Counters of what came in.
    package static let intakeWordCount = 30
    /// Counters of what became of frames that left the ring.
    package static let outcomeWordCount = 92
}

/// What came in: grows whenever its source's receiver says so.
package typealias IntakeWords = InlineArray<30, UInt64>

/// What became of frames that left the ring: totals as of a position in the database.
package typealias OutcomeWords = InlineArray<92, UInt64>

/// What holds of one record if the batch that is being written gets committed.
package struct StagedOutcome: Sendable {
    /// From `Ring.ledgerIndex(of:)`.
    package var index: Int
    /// Frames of the record's sources in the batch, and the bytes of their payloads.
    package var batch: FrameCount
    /// Everything that ever was, with this batch.
    package var totals: OutcomeWords

    /// What the batch makes of the record `index`.
    package init(index: Int, batch: FrameCount, totals: OutcomeWords) {
        self.index = index
        self.batch = batch
        self.totals = totals
    }
}

/// How the database's word changes what a record says: given once, while it is taken up.
package struct Settlement: Equatable, Sendable {
    /// The record.
    package let index: Int
    /// Frames that leave the ring, and that the record's totals count.
    package internal(set) var counted = FrameCount()
    /// Frames that leave the ring because the database has them, and that no totals count.
    package internal(set) var uncounted = FrameCount()
    /// Frames that the totals count and that the ring did not find at its opening: whoever took
    /// them for lost was wrong.
    package internal(set) var missing = FrameCount()
    /// Frames that the totals count and that stay in the ring, for the database has less than it
    /// had: they will be counted once more.
    package internal(set) var returned = FrameCount()

    init(index: Int) { self.index = index }

    var isEmpty: Bool { self == Settlement(index: index) }
}

/// May change a record's totals, which are written down with the database's position.
package typealias LedgerAccount = (Settlement, inout OutcomeWords) -> Void

/// What the ring knows of one record.
package struct LedgerEntry: Sendable {
    /// The counters of what came in.
    package let intake: IntakeWords
    /// The totals that hold: of everything that the database is known to have.
    package let outcome: OutcomeWords
    /// Frames in the ring that the outcome does not count.
    package let inRing: FrameCount
}

extension Ring {
    /// The record that counts for a source.
    package static func ledgerIndex(of source: UInt16) -> Int {
        min(Int(source), LedgerLimits.recordCount - 1)
    }

    /// Adds to what came in of a record's sources; survives the process once it returned.
    ///
    /// Sums wrap, so a negative number in two's complement takes something back.
    package func addIntake(_ index: Int, _ delta: IntakeWords) {
        intake.withLock { $0.add(delta, to: index) }
    }

    /// Writes down what holds if the transaction that ends at `end` gets committed: after its last
    /// statement, and before its COMMIT. It replaces what was staged before.
    ///
    /// `release(to:)` and `resume(after:)` make it hold, `unstage` forgets it. When the process is
    /// killed in between, the next `resume(after:)` finds out. Until then no frame before `end` is
    /// dropped as the oldest.
    ///
    /// - Parameter end: where the batch ends: behind all that the database has. Its position must
    ///   have been taken up with `resume(after:)` since the ring was opened.
    package func stage(_ outcomes: borrowing Span<StagedOutcome>, end: UInt64) {
        state.withLock { state in
            precondition(!state.isClosed && end > state.confirmation.position)
            state.ledger.stage(outcomes, end: end, confirmed: state.confirmation.position)
        }
    }

    /// Forgets what was staged: the batch was rolled back.
    package func unstage() {
        state.withLock { state in
            precondition(!state.isClosed)
            state.ledger.unstage()
        }
        state.wakeAll()
    }

    /// What is known of a record at this moment. Frames that were appended may not be in the
    /// intake yet: that is up to whoever counts them.
    package func ledger(of index: Int) -> LedgerEntry {
        let words = intake.withLock { $0.words(of: index) }
        return state.withLock { state in
            LedgerEntry(
                intake: words, outcome: state.ledger.totals(of: index),
                inRing: state.ledger.inRing(index))
        }
    }

    /// The records that ever counted anything or that have frames in the ring.
    package var ledgerIndexes: [Int] {
        let counted = intake.withLock { intake in
            (0..<LedgerLimits.recordCount).filter { intake.isUsed($0) }
        }
        return state.withLock { state in
            (0..<LedgerLimits.recordCount).filter {
                counted.contains($0) || state.ledger.isUsed($0)
            }
        }
    }

    /// Whether the frames of all records are as many, with as many bytes, as the ring has.
    package var isBalanced: Bool {
        state.withLock { state in
            let sum = state.ledger.sum
            return sum.frames == UInt64(state.frameCount)
                && sum.bytes == UInt64(state.payloadBytes)
        }
    }
}
