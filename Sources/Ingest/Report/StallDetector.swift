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

    private let limit: Duration
    private var stages: [String: Stage] = [:]

    init(limit: Duration) {
        self.limit = limit
    }

    var isAnyStalled: Bool { stages.values.contains { $0.isStalled } }

    /// - Parameter isStuck: whether a lane's wait for the database cannot be one any more.
    mutating func look(
        _ now: Snapshot, isStuck: (_ lane: Int) -> Bool = { _ in false }
    ) -> [Change] {
        var changes: [Change] = []
        for listener in now.listeners {
            for (number, receiver) in listener.receivers.enumerated() {
                let name = "receive \(listener.name)" + (number == 0 ? "" : " \(number + 1)")
                if receiver.hasEnded {
                    stages[name] = nil
                } else if let change = look(at: name, receiver.turns, now.time) {
                    changes.append(change)
                }
            }
        }
        if let files = now.files {
            let name = "read files"
            if files.hasEnded {
                stages[name] = nil
            } else if let change = look(at: name, files.turns, now.time) {
                changes.append(change)
            }
        }
        for (number, lane) in now.lanes.enumerated() {
            let name = "write \(number)"
            if lane.report.state == .stopped {
                stages[name] = nil
            } else if let change = look(
                at: name, lane.turns, now.time,
                mayStand: lane.isWaitingForDatabase && !isStuck(number))
            {
                changes.append(change)
            }
        }
        return changes
    }

    private mutating func look(
        at name: String, _ turns: UInt64, _ time: ContinuousClock.Instant, mayStand: Bool = false
    ) -> Change? {
        guard var stage = stages[name], stage.turns == turns, !mayStand else {
            let before = stages.updateValue(Stage(turns: turns, since: time), forKey: name)
            guard let before, before.isStalled else { return nil }
            return .moves(name, after: time - before.since)
        }
        guard !stage.isStalled, time - stage.since > limit else { return nil }
        stage.isStalled = true
        stages[name] = stage
        return .stalled(name)
    }
}
