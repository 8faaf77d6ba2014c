import Threads

/// What a lane's writer says of itself; written by its thread once per batch, read by others.
package struct LaneReport: Sendable {
    /// What the writer is at.
    package enum State: Sendable, Equatable {
        case starting
        case writing
        /// The database cannot be reached, or has asked to come again later.
        case unavailable(why: String)
        /// Something is wrong that a person has to put right; everything is kept.
        case holding(why: String)
        case stopped
    }

    package var state = State.starting
    /// When `state` last became another kind of state.
    package var stateSince = ContinuousClock.now
    /// By source, in the order of the ring's registry.
    package var outcomes: [OutcomeTally] = []
    /// Frames that were in the database already when the ring was taken up again: committed before
    /// a crash, and counted by nobody.
    package var alreadyStored: UInt64 = 0
    /// What is kept of the lines that were refused, and what is not.
    package var rejects = RejectsCounters()
    /// Why some could not be kept, the last time that there were any.
    package var rejectsProblem: String?
    /// Transactions committed.
    package var batches: UInt64 = 0
    package var lastCommit: ContinuousClock.Instant?
    /// Names that no table or column takes, with the number of lines that had them.
    var unmatched = UnmatchedCounts()

    /// Different names that are counted one by one; senders that invent names must not fill
    /// memory.
    package static let unmatchedNamesMax = 1_000

    package init() {}

    /// All sources together.
    package var total: OutcomeTally {
        var total = OutcomeTally()
        for outcome in outcomes { total.add(outcome) }
        return total
    }

    /// Adds what a committed batch met.
    ///
    /// - Returns: the names that are new, to be told once.
    mutating func add(unmatched counts: UnmatchedCounts) -> UnmatchedNews {
        let wasFull = unmatched.other > 0
        var news = UnmatchedNews()
        for (name, count) in counts.counts where unmatched.add(name, count) {
            news.names.append(name)
        }
        unmatched.addOther(counts.other)
        news.isFull = !wasFull && unmatched.other > 0
        return news
    }

    /// Adds what a committed batch did, by source.
    mutating func add(_ tallies: [OutcomeTally]) {
        while outcomes.count < tallies.count { outcomes.append(OutcomeTally()) }
        for index in tallies.indices { outcomes[index].add(tallies[index]) }
    }

    mutating func enter(_ new: State, at time: ContinuousClock.Instant) {
        if !state.isSameKind(as: new) { stateSince = time }
        state = new
    }
}

extension LaneReport.State {
    fileprivate func isSameKind(as other: Self) -> Bool {
        switch (self, other) {
        case (.starting, .starting), (.writing, .writing), (.unavailable, .unavailable),
            (.holding, .holding), (.stopped, .stopped):
            true
        default: false
        }
    }
}
