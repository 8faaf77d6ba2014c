import Logging
import Postgres
import Ring

/// Writes what a ring holds on the calling thread, by the ordinary way: for commands.
struct RingDrain {
    /// How it ended.
    enum End: Equatable {
        /// The ring is empty.
        case empty
        /// The database cannot take it now; what is left stays in the ring.
        case stopped(why: String)
    }

    let ring: Ring
    let configuration: Configuration
    /// What the files of lines that are refused again are called by.
    let rejectsName: String
    let logger: Logger

    /// - Parameter isWanted: asked before each batch; false ends it.
    /// - Returns: how it ended, and what became of the frames that left the ring.
    func perform(isWanted: () -> Bool) -> (end: End, outcome: OutcomeTally) {
        let lane = Lane(
            number: 0, ring: ring, configuration: configuration, drops: DropLedger(),
            toldNames: ToldNames())
        var writer = Writer<Connection>(lane, logger: logger, rejectsName: rejectsName) {
            (database) throws(PostgresError) in try Connection.open(database)
        }
        // Without a limit of time: the person who waits for it ends it.
        lane.finish(by: .now + .seconds(1_000_000_000))
        var end = End.empty
        while end == .empty {
            let rest = writer.step()
            if rest == .ended { break }
            end = Self.end(lane, rest, isWanted: isWanted())
        }
        return (end, lane.report.withLock { $0.total })
    }

    private static func end(_ lane: Lane, _ rest: Writer<Connection>.Rest, isWanted: Bool) -> End {
        switch lane.report.withLock({ $0.state }) {
        case .unavailable(let why), .holding(let why): return .stopped(why: why)
        case .starting, .writing, .stopped: break
        }
        if !isWanted { return .stopped(why: "it was interrupted") }
        if case .pause(let time) = rest { lane.pause(time) }
        return .empty
    }
}
