/// What became of the frames that left the ring, for one source.
///
/// The law it keeps: `lines = rows + duplicates + rejected`.
package struct OutcomeTally: Sendable, Equatable {
    /// Frames whose transaction is committed: datagrams, for a listener.
    package var frames: UInt64 = 0
    /// Payload bytes of those frames.
    package var bytes: UInt64 = 0
    /// Lines in them that were points or errors; blank lines and comments count nowhere.
    package var lines: UInt64 = 0
    /// Rows in a table.
    package var rows: UInt64 = 0
    /// Lines whose key was in the table already, where the table says what becomes of them: they were
    /// dropped, or took the place of the row that was there.
    package var duplicates: UInt64 = 0
    /// Lines by `RejectReason`.
    package var rejected = [UInt64](repeating: 0, count: RejectReason.count)
    /// Tags and fields of stored lines that no column takes.
    package var unmatchedValues: UInt64 = 0
    /// Timestamps of stored lines that lost digits below the microsecond.
    package var timestampsCut: UInt64 = 0

    package init() {}

    package var rejectedTotal: UInt64 { rejected.reduce(0, +) }

    package mutating func reject(_ reason: RejectReason, count: UInt64 = 1) {
        rejected[Int(reason.rawValue)] += count
    }

    package mutating func add(_ other: OutcomeTally) {
        frames += other.frames
        bytes += other.bytes
        lines += other.lines
        rows += other.rows
        duplicates += other.duplicates
        for index in rejected.indices { rejected[index] += other.rejected[index] }
        unmatchedValues += other.unmatchedValues
        timestampsCut += other.timestampsCut
    }

    /// Sets everything to zero and keeps the memory.
    package mutating func clear() {
        frames = 0
        bytes = 0
        lines = 0
        rows = 0
        duplicates = 0
        for index in rejected.indices { rejected[index] = 0 }
        unmatchedValues = 0
        timestampsCut = 0
    }
}
