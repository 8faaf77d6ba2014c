import Ring

/// Makes the books of a ring that was just opened add up again.
///
/// Between a frame and its count the process may have been killed, and a power cut takes frames that
/// were counted. What left the ring is known as of the database's position, and what is in it was
/// walked over; so what was accepted follows, or what is lost.
enum LedgerReconciliation {
    /// Corrects the intake of every source.
    static func perform(_ ring: Ring) {
        let books = ring.ledgerIndexes.map { ($0, SourceLedger(ring.ledger(of: $0))) }
        var released = uncountedReleases(books.map(\.1), framesGone: ring.framesGone)
        for (index, books) in books {
            if let correction = correction(of: books, released: &released) {
                ring.addIntake(index, correction)
            }
        }
    }

    /// How many frames have left the ring of which no book says what became of them: a power cut can
    /// take the last counters, and spare the mark that says how far the ring was released.
    private static func uncountedReleases(
        _ books: [SourceLedger], framesGone: UInt64
    ) -> UInt64 {
        let known = books.reduce(UInt64(0)) { sum, one in
            sum &+ one.committed.datagrams &+ one.stored.datagrams &+ one.oldest.datagrams
                &- one.returned.datagrams
        }
        return framesGone > known ? framesGone - known : 0
    }

    /// Takes back from the lost what the database turned out to have.
    static func found(_ settlements: [Settlement], in ring: Ring) {
        for settlement in settlements where settlement.missing != FrameCount() {
            var delta = IntakeWords.none
            delta[.lostDatagrams] = 0 &- settlement.missing.frames
            delta[.lostBytes] = 0 &- settlement.missing.bytes
            ring.addIntake(settlement.index, delta)
        }
    }

    /// What is to be added; nil when everything adds up.
    ///
    /// - Parameter released: frames that were released and not counted; those that are found are
    ///   taken from it.
    static func correction(of books: SourceLedger, released: inout UInt64) -> IntakeWords? {
        var delta = IntakeWords.none
        let surplus = books.imbalance.afterwards
        let (accepted, missing) = split(surplus.datagrams)
        let (acceptedBytes, missingBytes) = split(surplus.bytes)
        delta[.acceptedDatagrams] = accepted
        delta[.acceptedBytes] = acceptedBytes
        let isReleased = missing > 0 && missing <= released
        if isReleased {
            released -= missing
            delta[.releasedDatagrams] = missing
            delta[.releasedBytes] = missingBytes
        } else {
            delta[.lostDatagrams] = missing
            delta[.lostBytes] = missingBytes
        }
        // Whatever was counted was received.
        let reception = books.imbalance.atReception
        delta[.receivedDatagrams] = reception.datagrams &+ accepted
        delta[.receivedBytes] = reception.bytes &+ acceptedBytes
        let isNeeded = delta.indices.contains { delta[$0] != 0 }
        return isNeeded ? delta : nil
    }

    /// More than was accepted was accepted and not counted yet; less is missing.
    private static func split(_ surplus: UInt64) -> (accepted: UInt64, missing: UInt64) {
        Int64(bitPattern: surplus) >= 0 ? (surplus, 0) : (0, 0 &- surplus)
    }
}
