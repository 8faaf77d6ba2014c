package import Ring

/// The books of one source in one lane, with the names that people know them by.
package struct LedgerView: Sendable, Equatable {
    package let lane: Int
    /// The listener's name; several sources that share a record have one together.
    package let source: String
    package let books: SourceLedger

    /// One view.
    package init(lane: Int, source: String, books: SourceLedger) {
        self.lane = lane
        self.source = source
        self.books = books
    }

    /// The books of every source that a ring knows.
    package static func all(of ring: Ring, lane: Int) -> [LedgerView] {
        ring.ledgerIndexes.map { index in
            LedgerView(
                lane: lane, source: name(of: index) { ring.source($0) },
                books: SourceLedger(ring.ledger(of: index)))
        }
    }

    /// - Parameter name: what the ring calls a source.
    static func name(of index: Int, _ name: (UInt16) -> String?) -> String {
        if index == LedgerLimits.recordCount - 1 { return "further sources" }
        return name(UInt16(index)) ?? "source \(index)"
    }
}
