/// Follows the fullest ring from its first filling until it has room again.
struct RingFill {
    enum Change: Equatable {
        case filling(Double)
        case drained(Double, dropped: UInt64)
    }

    /// Shares of the ring at which its filling is told.
    private static let steps = [0.5, 0.75, 0.9]
    /// Below this a ring that was full before counts as drained.
    private static let drainedShare = 0.25

    private var told = 0.0
    private var toldAt: ContinuousClock.Instant?
    private var dropped: UInt64 = 0
    /// The drops before it began to fill.
    private var droppedBefore: UInt64 = 0

    /// - Parameter isLast: a ring that is empty now is told of, however short it was full.
    mutating func look(_ now: Snapshot, isLast: Bool = false) -> [Change] {
        let hasDropped = now.drops.datagrams > dropped
        if told == 0 { droppedBefore = dropped }
        dropped = now.drops.datagrams
        let share = now.fill
        var changes: [Change] = []
        if let step = Self.steps.last(where: { share >= $0 }), step > told {
            told = step
            toldAt = now.time
            changes.append(.filling(share))
        }
        if hasDropped {
            told = 1
            toldAt = now.time
        }
        // A ring that fills and empties again and again is told of once in a while.
        if told > 0, share < Self.drainedShare, isLast || hasStood(now.time) {
            told = 0
            changes.append(.drained(share, dropped: dropped - droppedBefore))
        }
        return changes
    }

    private func hasStood(_ time: ContinuousClock.Instant) -> Bool {
        toldAt.map { time - $0 >= IngestLimits.alarmInterval } ?? true
    }
}
