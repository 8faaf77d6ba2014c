package import Ring

/// The books of one source in one lane, since its ring was made: what came in, and what became of it.
///
/// The law, in datagrams and in bytes:
/// `received = accepted + dropped as newest + truncated + refused + empty` and
/// `accepted + returned = committed + stored + dropped as oldest + lost + in the ring`;
/// in lines: `lines = rows + duplicates + rejected`.
package struct SourceLedger: Sendable, Equatable {
    package typealias Count = ReceiveTally.Count

    package var received = Count()
    package var accepted = Count()
    package var newest = Count()
    package var oldest = Count()
    package var truncated = Count()
    package var refused = Count()
    package var empty = Count()
    /// Were accepted, and the ring does not have them any more: a power cut, or damage.
    package var lost = Count()
    package var inRing = Count()
    /// Datagrams whose transaction is committed.
    package var committed = Count()
    /// Datagrams that the database had already when the ring was opened or taken up again, and of
    /// whose lines nothing is known.
    package var stored = Count()
    /// Datagrams that were committed, and that a database which lost them takes once more.
    package var returned = Count()
    /// Line ends, and last lines without one, in what a full ring dropped.
    package var droppedLines: UInt64 = 0
    package var kernelDropped: UInt64 = 0
    package var lines: UInt64 = 0
    package var rows: UInt64 = 0
    package var duplicates: UInt64 = 0
    package var unmatchedValues: UInt64 = 0
    package var timestampsCut: UInt64 = 0
    /// Lines by `RejectReason`.
    package var rejected = [UInt64](repeating: 0, count: RejectReason.count)

    /// Nothing yet.
    package init() {}

    /// What a ring has written down.
    package init(_ entry: LedgerEntry) {
        let intake = entry.intake
        let outcome = entry.outcome
        func count(_ datagrams: IntakeWord, _ bytes: IntakeWord) -> Count {
            Count(datagrams: intake[datagrams], bytes: intake[bytes])
        }
        func count(_ datagrams: OutcomeWord, _ bytes: OutcomeWord) -> Count {
            Count(datagrams: outcome[datagrams], bytes: outcome[bytes])
        }
        received = count(.receivedDatagrams, .receivedBytes)
        accepted = count(.acceptedDatagrams, .acceptedBytes)
        newest = count(.newestDatagrams, .newestBytes)
        oldest = count(.oldestDatagrams, .oldestBytes)
        truncated = count(.truncatedDatagrams, .truncatedBytes)
        refused = count(.refusedDatagrams, .refusedBytes)
        empty = Count(datagrams: intake[.emptyDatagrams])
        lost = count(.lostDatagrams, .lostBytes)
        inRing = Count(datagrams: entry.inRing.frames, bytes: entry.inRing.bytes)
        committed = count(.committedDatagrams, .committedBytes)
        stored =
            count(.storedDatagrams, .storedBytes) + count(.releasedDatagrams, .releasedBytes)
        returned = count(.returnedDatagrams, .returnedBytes)
        droppedLines = intake[.newestLines] &+ intake[.oldestLines]
        kernelDropped = intake[.kernelDropped]
        lines = outcome[.lines]
        rows = outcome[.rows]
        duplicates = outcome[.duplicates]
        unmatchedValues = outcome[.unmatchedValues]
        timestampsCut = outcome[.timestampsCut]
        for reason in RejectReason.all { rejected[Int(reason.rawValue)] = outcome[reason] }
    }

    package var rejectedTotal: UInt64 { rejected.reduce(0, &+) }
}

/// The law.
extension SourceLedger {
    /// By how much each part of the law is missed: positive where more is accounted for than came.
    package struct Imbalance: Sendable, Equatable {
        /// Of what the receiver counted.
        package var atReception = Count()
        /// Of what was accepted.
        package var afterwards = Count()
        package var lines: UInt64 = 0

        /// Everything adds up.
        package var isNone: Bool { self == Imbalance() }
    }

    package var imbalance: Imbalance {
        let parts = accepted + newest + truncated + refused + empty
        let gone = committed + stored + oldest + lost + inRing
        return Imbalance(
            atReception: parts - received, afterwards: gone - (accepted + returned),
            lines: rows &+ duplicates &+ rejectedTotal &- lines)
    }
}

extension SourceLedger.Imbalance: CustomStringConvertible {
    /// Signed, each part that is off.
    package var description: String {
        let parts: [(String, UInt64)] = [
            ("datagrams at reception", atReception.datagrams),
            ("bytes at reception", atReception.bytes),
            ("datagrams", afterwards.datagrams), ("bytes", afterwards.bytes), ("lines", lines),
        ]
        return parts.filter { $0.1 != 0 }.map { "\(Int64(bitPattern: $0.1)) \($0.0)" }
            .joined(separator: ", ")
    }
}
