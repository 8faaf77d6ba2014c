import CLinux

/// A checksummed block of words in the header's ledger. Each record has two of a kind.
struct LedgerBlock: Sendable {
    enum Kind: UInt64 {
        case intake = 1
        case outcome = 2
    }

    /// What stands in a block's place.
    enum Content: Equatable {
        /// Nothing was ever written, or it was erased.
        case blank
        /// The process was killed in the middle of writing it.
        case unfinished
        case damaged
        case whole
    }

    let header: Region
    let offset: Int
    let wordCount: Int
    /// Continues the ring's with the record and the kind: a block in a wrong place is not valid.
    private let seed: UInt32

    /// - Parameters:
    ///   - index: the record.
    ///   - copy: 0 or 1.
    init(header: Region, seed: UInt32, kind: Kind, index: Int, copy: Int) {
        precondition((0..<LedgerLimits.recordCount) ~= index && (0...1) ~= copy)
        let place = Layout.ledgerOffset + index * Layout.ledgerRecordBytes
        let half = place + copy * (Layout.ledgerRecordBytes / 2)
        self.header = header
        switch kind {
        case .intake:
            offset = half
            wordCount = Layout.intakeBlockBytes / 8
        case .outcome:
            offset = half + Layout.intakeBlockBytes
            wordCount = Layout.outcomeBlockBytes / 8
        }
        self.seed = clinux_crc32c_words(seed, kind.rawValue, UInt64(index), 0, 0, 0)
    }

    private var checkOffset: Int { offset + (wordCount - 1) * 8 }

    var content: Content {
        let check = header.load(checkOffset)
        if check == checksum { return .whole }
        if check != 0 { return .damaged }
        return header.isZero(offset, wordCount * 8) ? .blank : .unfinished
    }

    func load(_ word: Int) -> UInt64 { header.load(offset + word * 8) }

    func words<let count: Int>(from word: Int) -> InlineArray<count, UInt64> {
        header.words(offset + word * 8)
    }

    /// Makes the block invalid until `finish`.
    func begin() {
        orderStores()
        header.store(0, checkOffset)
        orderStores()
    }

    /// Only between `begin` and `finish`.
    func store(_ value: UInt64, _ word: Int) { header.store(value, offset + word * 8) }

    /// Only between `begin` and `finish`.
    func store<let count: Int>(_ words: InlineArray<count, UInt64>, from word: Int) {
        header.store(words, offset + word * 8)
    }

    func finish() {
        orderStores()
        header.store(checksum, checkOffset)
        orderStores()
    }

    func erase() {
        begin()
        header.clear(offset, wordCount * 8)
        orderStores()
    }

    /// Never zero, so that a block that is being written looks like none.
    private var checksum: UInt64 {
        UInt64(header.checksum(offset, (wordCount - 1) * 8, continuing: seed)) | 1 << 32
    }
}
