import Logging
import Postgres

/// Runs writers on threads.
extension Writer where Session: ~Copyable {
    /// Goes step after step, and waits between them, until the lane is told to finish and has done
    /// so, or is out of time.
    mutating func run() {
        while true {
            switch step() {
            case .none: break
            case .frames(let patience): _ = lane.ring.waitForFrames(atMost: patience)
            case .pause(let time): lane.pause(time)
            case .ended: return
            }
        }
    }
}

extension Writer where Session == Connection {
    /// A writer to the database that the configuration names.
    init(_ lane: Lane, logger: Logger) {
        self.init(lane, logger: logger) { (database) throws(PostgresError) in
            try Connection.open(
                database,
                onNotice: { notice in logger.debug("database: \(notice.description)") },
                isWanted: { lane.shouldGoOn })
        }
    }
}
