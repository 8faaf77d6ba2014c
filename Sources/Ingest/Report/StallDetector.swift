/// Finds a stage that has not turned for too long. An idle stage turns too, and a writer that waits
/// for the database is no fault of ours, as long as it can be called back.
struct StallDetector {
    /// What is told: the begin of a stall and its end.
    enum Change: Equatable {
        case stalled(String)
        case moves(String, after: Duration)
    }

    private struct Stage {
        var turns: UInt64
        var since: ContinuousClock.Instant
        var isStalled = false
    }

    /// What brings the rings to the disk. A disk that hangs is told of; a new process would not help.
    static let sync = "sync"

    private let limit: Duration
    private var stages: [String: Stage] = [:]

    init(limit: Duration) {
        self.limit = limit
    }

    /// Whether one is for which a new process is the remedy.
    var isAnyStalled: Bool {
        stages.contains { key, stage in stage.isStalled && key != Self.sync }
    }

    /// - Parameter isStuck: whether a lane's wait for the database cannot be one any more.
    mutating func look(
        _ now: Snapshot, isStuck: (_ lane: Int) -> Bool = { _ in false }
    ) -> [Change] {
        var changes: [Change] = []
        for (index, listener) in now.listeners.enumerated() {
            for (number, receiver) in listener.receivers.enumerated() {
                changes += look(
                    at: "receive \(index) \(number)", name: "receive \(listener.name)",
                    receiver.turns, hasEnded: receiver.hasEnded, now.time)
            }
        }
        if let files = now.files {
            changes += look(
                at: "read files", name: "read files", files.turns, hasEnded: files.hasEnded,
                now.time)
        }
        for (number, lane) in now.lanes.enumerated() {
            changes += look(
                at: "write \(number)", name: "write \(number)", lane.turns,
                hasEnded: lane.report.state == .stopped, now.time,
                mayStand: lane.isWaitingForDatabase && !isStuck(number))
        }
        changes += look(
            at: Self.sync, name: Self.sync, now.sync.turns, hasEnded: false, now.time,
            mayStand: !now.sync.isSyncing)
        return changes
    }

    private mutating func look(
        at key: String, name: String, _ turns: UInt64, hasEnded: Bool,
        _ time: ContinuousClock.Instant, mayStand: Bool = false
    ) -> [Change] {
        if hasEnded {
            stages[key] = nil
            return []
        }
        guard var stage = stages[key], stage.turns == turns, !mayStand else {
            let before = stages.updateValue(Stage(turns: turns, since: time), forKey: key)
            guard let before, before.isStalled else { return [] }
            return [.moves(name, after: time - before.since)]
        }
        guard !stage.isStalled, time - stage.since > limit else { return [] }
        stage.isStalled = true
        stages[key] = stage
        return [.stalled(name)]
    }
}
