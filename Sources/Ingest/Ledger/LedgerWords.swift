import Ring

/// Where each counter of what came in stands in a ring's ledger. They are kept on disk by these
/// numbers, so a counter keeps its own for ever: a further one comes last.
enum IntakeWord: Int, CaseIterable {
    case receivedDatagrams, receivedBytes
    case acceptedDatagrams, acceptedBytes
    case newestDatagrams, newestBytes, newestLines
    case oldestDatagrams, oldestBytes, oldestLines
    case truncatedDatagrams, truncatedBytes
    case refusedDatagrams, refusedBytes
    case emptyDatagrams
    case kernelDropped
    case lostDatagrams, lostBytes
    case releasedDatagrams, releasedBytes
}

/// Where each counter of what became of datagrams stands; the same holds. From `firstRejected` on
/// stand the rejected lines, by `RejectReason`.
enum OutcomeWord: Int, CaseIterable {
    case committedDatagrams, committedBytes
    case lines, rows, duplicates
    case unmatchedValues, timestampsCut
    case storedDatagrams, storedBytes
    case returnedDatagrams, returnedBytes

    /// Counters before it that have no meaning yet stay zero.
    static let firstRejected = 16
}

extension IntakeWords {
    subscript(word: IntakeWord) -> UInt64 {
        get { self[word.rawValue] }
        set { self[word.rawValue] = newValue }
    }

    /// No counter changes.
    static var none: IntakeWords { IntakeWords(repeating: 0) }

    /// What a receiver saw in one turn. What found no room is told by whoever dropped it.
    init(_ tally: ReceiveTally) {
        self = .none
        self[.receivedDatagrams] = tally.received.datagrams
        self[.receivedBytes] = tally.received.bytes
        self[.acceptedDatagrams] = tally.accepted.datagrams
        self[.acceptedBytes] = tally.accepted.bytes
        self[.truncatedDatagrams] = tally.truncated.datagrams
        self[.truncatedBytes] = tally.truncated.bytes
        self[.refusedDatagrams] = tally.refused.datagrams
        self[.refusedBytes] = tally.refused.bytes
        self[.emptyDatagrams] = tally.empty.datagrams
        self[.kernelDropped] = tally.kernelDropped
    }

    /// What a full ring dropped.
    init(_ drops: DropTally) {
        self = .none
        self[.newestDatagrams] = drops.newest.datagrams
        self[.newestBytes] = drops.newest.bytes
        self[.newestLines] = drops.newestLines
        self[.oldestDatagrams] = drops.oldest.datagrams
        self[.oldestBytes] = drops.oldest.bytes
        self[.oldestLines] = drops.oldestLines
    }
}

extension OutcomeWords {
    subscript(word: OutcomeWord) -> UInt64 {
        get { self[word.rawValue] }
        set { self[word.rawValue] = newValue }
    }

    subscript(reason: RejectReason) -> UInt64 {
        get { self[OutcomeWord.firstRejected + Int(reason.rawValue)] }
        set { self[OutcomeWord.firstRejected + Int(reason.rawValue)] = newValue }
    }

    /// Adds what a batch did.
    mutating func add(_ tally: OutcomeTally) {
        self[.committedDatagrams] &+= tally.frames
        self[.committedBytes] &+= tally.bytes
        self[.lines] &+= tally.lines
        self[.rows] &+= tally.rows
        self[.duplicates] &+= tally.duplicates
        self[.unmatchedValues] &+= tally.unmatchedValues
        self[.timestampsCut] &+= tally.timestampsCut
        for reason in RejectReason.all { self[reason] &+= tally.rejected[Int(reason.rawValue)] }
    }

    /// Takes up what the database's word has changed.
    mutating func add(_ settlement: Settlement) {
        self[.storedDatagrams] &+= settlement.uncounted.frames
        self[.storedBytes] &+= settlement.uncounted.bytes
        self[.returnedDatagrams] &+= settlement.returned.frames
        self[.returnedBytes] &+= settlement.returned.bytes
    }
}
