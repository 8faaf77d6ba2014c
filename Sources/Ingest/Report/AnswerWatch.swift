/// Follows the writers that wait for an answer of the database. A server that takes long is no
/// fault of ours, and nothing is lost yet; but somebody should know.
struct AnswerWatch {
    /// What is told: that a lane has waited too long, and that its wait is over.
    enum Change: Equatable {
        case slow(lane: Int, Duration)
        case over(lane: Int, after: Duration)
    }

    private struct Wait {
        var turns: UInt64
        var since: ContinuousClock.Instant
        var isTold = false
        var isCut = false
    }

    private var waits: [Int: Wait] = [:]
    /// How long the lane waits that is told of and waits longest.
    private(set) var longest: Duration?

    mutating func look(_ now: Snapshot) -> [Change] {
        var changes: [Change] = []
        for (number, lane) in now.lanes.enumerated() {
            guard lane.isWaitingForDatabase, waits[number]?.turns == lane.turns else {
                let before = waits[number]
                waits[number] =
                    lane.isWaitingForDatabase ? Wait(turns: lane.turns, since: now.time) : nil
                if let before, before.isTold {
                    changes.append(.over(lane: number, after: now.time - before.since))
                }
                continue
            }
            let time = now.time - waits[number]!.since
            // A lane in trouble has told of it, and each of its tries may take long.
            guard !waits[number]!.isTold, !lane.report.state.isTrouble,
                time >= IngestLimits.databasePatience
            else { continue }
            waits[number]!.isTold = true
            changes.append(.slow(lane: number, time))
        }
        longest = waits.values.filter(\.isTold).map { now.time - $0.since }.max()
        return changes
    }

    /// Whether the lane's connection was given up and its call has not come back all the same, for as
    /// long again: nothing holds it any more, not even a name server that does not answer.
    func isStuck(lane: Int, _ limit: Duration, at time: ContinuousClock.Instant) -> Bool {
        guard let wait = waits[lane], wait.isCut else { return false }
        return time - wait.since >= limit * 2
    }

    /// The lanes whose call has been left unanswered for longer than `limit`, each call once; what
    /// `look` has seen counts.
    mutating func overdue(_ limit: Duration, at time: ContinuousClock.Instant) -> [Int] {
        guard limit > .zero else { return [] }
        let lanes = waits.filter { !$0.value.isCut && time - $0.value.since >= limit }.map(\.key)
        for lane in lanes { waits[lane]!.isCut = true }
        return lanes.sorted()
    }
}
