/// What became of frames that left the ring, by record, and how many frames of it are in the ring.
///
/// A record has two blocks. One holds: it is of a position that the database is known to have. The
/// other one is free, or **pending**: of a position that may be in the database, because a COMMIT
/// is under way or was when the process was killed.
struct OutcomeLedger: Sendable {
    static let firstWord = 3

    /// A block that is whole.
    struct Block: Sendable {
        var copy: Int
        /// Everything before it is counted.
        var position: UInt64
        /// All frames that it counts; wraps, for a file can say anything.
        var total: FrameCount
    }

    struct Record: Sendable {
        /// The block that holds; none when nothing was ever counted.
        var effective: Block?
        var pending: Block?
        /// Frames in the ring.
        var frames = FrameCount()
        /// Those of them that the effective block counts; only between opening and `settle`.
        var counted = FrameCount()

        /// Frames that the pending block counts and the other one does not.
        var batch: FrameCount {
            (pending?.total ?? FrameCount()).wrappingLess(effective?.total ?? FrameCount())
        }
    }

    let header: Region
    let seed: UInt32
    var records: [Record] = []
    /// No frame before it may be dropped as the oldest: it may be in the database.
    private(set) var heldUntil: UInt64 = 0
    /// Nothing is in doubt since the ring was opened.
    var isSettled = false

    /// Reads what is there and changes nothing.
    ///
    /// - Parameter confirmed: the highest position that the database is known to have.
    init(header: Region, seed: UInt32, confirmed: UInt64) {
        self.header = header
        self.seed = seed
        records = (0..<LedgerLimits.recordCount).map { read($0, confirmed) }
    }

    /// Frames of the record before it are counted already.
    func countedUntil(_ index: Int) -> UInt64 { records[index].effective?.position ?? 0 }

    private func read(_ index: Int, _ confirmed: UInt64) -> Record {
        let blocks = (0...1).compactMap { block(index, copy: $0) }
            .sorted { $0.position < $1.position }
        // After a power cut the database may have been further than all that the disk knows: then
        // the older block is sure, for the other one was written when it held.
        let effective = blocks.last { $0.position <= confirmed } ?? blocks.first
        let pending = blocks.last { $0.position > max(confirmed, effective?.position ?? 0) }
        return Record(effective: effective, pending: pending)
    }

    /// What the file has in a block's place, if that makes sense.
    private func block(_ index: Int, copy: Int) -> Block? {
        let place = place(index, copy: copy)
        let position = place.load(0)
        guard place.content == .whole, position < RingLimits.positionMax else { return nil }
        let total = FrameCount(frames: place.load(1), bytes: place.load(2))
        return Block(copy: copy, position: position, total: total)
    }

    func isValid(_ index: Int, copy: Int) -> Bool { block(index, copy: copy) != nil }

    func place(_ index: Int, copy: Int) -> LedgerBlock {
        LedgerBlock(header: header, seed: seed, kind: .outcome, index: index, copy: copy)
    }

    mutating func holdFrames() {
        heldUntil = records.reduce(0) { held, record in
            let counted = isSettled ? 0 : record.effective?.position ?? 0
            return max(held, counted, record.pending?.position ?? 0)
        }
    }
}

// MARK: - Frames in the ring

extension OutcomeLedger {
    /// Takes over what a survey found.
    mutating func take(_ found: [SourceRecovery]) {
        for source in found {
            records[source.index].frames = source.inRing + source.counted
            records[source.index].counted = source.counted
        }
        isSettled = records.allSatisfy { $0.pending == nil && $0.counted.frames == 0 }
        holdFrames()
    }

    mutating func appended(_ source: UInt16, bytes: Int) {
        records[Ring.ledgerIndex(of: source)].frames.add(bytes)
    }

    mutating func dropped(_ source: UInt16, bytes: Int) {
        records[Ring.ledgerIndex(of: source)].frames.subtract(bytes)
    }

    func inRing(_ index: Int) -> FrameCount { records[index].frames - records[index].counted }

    func isUsed(_ index: Int) -> Bool {
        records[index].effective != nil || records[index].frames.frames > 0
    }

    var sum: FrameCount { records.reduce(FrameCount()) { $0 + $1.frames } }
}

// MARK: - Blocks

extension OutcomeLedger {
    /// The totals that hold.
    func totals(of index: Int) -> OutcomeWords {
        guard let block = records[index].effective else { return OutcomeWords(repeating: 0) }
        return place(index, copy: block.copy).words(from: Self.firstWord)
    }

    mutating func stage(
        _ outcomes: borrowing Span<StagedOutcome>, end: UInt64, confirmed: UInt64
    ) {
        precondition(isSettled, "resume(after:) comes first")
        unstage()
        for number in outcomes.indices {
            let outcome = outcomes[number]
            let index = outcome.index
            precondition(records[index].pending == nil, "a record has one outcome in a batch")
            if records[index].effective == nil {
                // So that a block which stands alone is always one that holds.
                let nothing = OutcomeWords(repeating: 0)
                records[index].effective = write(
                    nothing, of: confirmed, FrameCount(), to: index, copy: 0)
            }
            let before = records[index].effective!
            records[index].pending = write(
                outcome.totals, of: end, before.total.wrappingMore(outcome.batch), to: index,
                copy: 1 - before.copy)
        }
        holdFrames()
    }

    mutating func unstage() {
        for index in records.indices { erasePending(index) }
        holdFrames()
    }

    mutating func erasePending(_ index: Int) {
        guard let pending = records[index].pending else { return }
        place(index, copy: pending.copy).erase()
        records[index].pending = nil
    }

    func write(
        _ totals: OutcomeWords, of position: UInt64, _ total: FrameCount, to index: Int, copy: Int
    ) -> Block {
        let place = place(index, copy: copy)
        place.begin()
        place.store(position, 0)
        place.store(total.frames, 1)
        place.store(total.bytes, 2)
        place.store(totals, from: Self.firstWord)
        place.finish()
        return Block(copy: copy, position: position, total: total)
    }
}
