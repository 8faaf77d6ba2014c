/// The counters of what came in: two blocks a record, written in turns.
struct IntakeLedger: Sendable {
    private static let firstWord = 1

    private let header: Region
    private let seed: UInt32
    /// The sequence number of each record's newest block; 0: there is none.
    private var sequences: [UInt64] = []

    /// Reads what is there and changes nothing.
    init(header: Region, seed: UInt32) {
        self.header = header
        self.seed = seed
        sequences = (0..<LedgerLimits.recordCount).map { index in
            max(sequence(index, copy: 0) ?? 0, sequence(index, copy: 1) ?? 0)
        }
    }

    func isUsed(_ index: Int) -> Bool { sequences[index] > 0 }

    func words(of index: Int) -> IntakeWords {
        isUsed(index) ? newest(index).words(from: Self.firstWord) : IntakeWords(repeating: 0)
    }

    mutating func add(_ delta: IntakeWords, to index: Int) {
        var sum = words(of: index)
        for word in sum.indices { sum[word] &+= delta[word] }
        sequences[index] += 1
        let block = newest(index)
        block.begin()
        block.store(sequences[index], 0)
        block.store(sum, from: Self.firstWord)
        block.finish()
    }

    /// The place of the block with the newest sequence number: odd ones go to the second.
    private func newest(_ index: Int) -> LedgerBlock {
        place(index, copy: Int(sequences[index] & 1))
    }

    func place(_ index: Int, copy: Int) -> LedgerBlock {
        LedgerBlock(header: header, seed: seed, kind: .intake, index: index, copy: copy)
    }

    func isValid(_ index: Int, copy: Int) -> Bool { sequence(index, copy: copy) != nil }

    private func sequence(_ index: Int, copy: Int) -> UInt64? {
        let block = place(index, copy: copy)
        let sequence = block.load(0)
        guard block.content == .whole, sequence > 0, sequence < RingLimits.positionMax,
            sequence & 1 == UInt64(copy)
        else { return nil }
        return sequence
    }
}
