import Logging
import Postgres
import Threads

/// The writers of an import's lanes, each on a thread of its own. They connect while the rings are
/// being made, and work from when they get their lanes.
final class ImportWriters: Sendable {
    private enum Orders {
        case waiting
        case begun([Lane])
        case givenUp
    }

    private let orders = Lock(Orders.waiting)
    private let threads: [PlainThread]

    /// Starts the threads.
    ///
    /// - Parameter dry: where the rows are counted, if nothing is to be written.
    init(_ configuration: Configuration, dry: DryTally?, logger: Logger) {
        let orders = orders
        threads = (0..<configuration.ring.lanes).map { number in
            PlainThread(name: "write \(number)") {
                var early: Connection?
                var failure: PostgresError?
                do throws(PostgresError) {
                    early = try Connection.open(
                        configuration.database, isWanted: { Self.shouldGoOn(number, orders) })
                } catch {
                    failure = error
                }
                guard let lanes = Self.lanes(orders) else { return }
                Self.write(lanes[number], early, failure, dry: dry, logger: logger)
            }
        }
    }

    /// Lets the writers work.
    func begin(_ lanes: [Lane]) {
        orders.withLock { $0 = .begun(lanes) }
        orders.wakeAll()
    }

    /// Ends threads that have not begun, and waits for that.
    func giveUp() {
        orders.withLock { $0 = .givenUp }
        orders.wakeAll()
        join()
    }

    /// Waits for the writers' end.
    func join() {
        for thread in threads { thread.join() }
    }

    /// Whether a writer's first connection is still wanted.
    private static func shouldGoOn(_ number: Int, _ orders: Lock<Orders>) -> Bool {
        switch orders.withLock({ $0 }) {
        case .waiting: true
        case .begun(let lanes): lanes[number].shouldGoOn
        case .givenUp: false
        }
    }

    /// Waits for the lanes; `nil` when there will be none.
    private static func lanes(_ orders: Lock<Orders>) -> [Lane]? {
        orders.wait { orders in if case .waiting = orders { false } else { true } }
        return orders.withLock { if case .begun(let lanes) = $0 { lanes } else { nil } }
    }

    /// - Parameters:
    ///   - early: the first connection, if there is one.
    ///   - failure: why there is none.
    private static func write(
        _ lane: Lane, _ early: consuming Connection?, _ failure: PostgresError?, dry: DryTally?,
        logger: Logger
    ) {
        // Letters: a lane's name is a part of the names of its files of refused lines.
        let letter = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(lane.number)))
        let name = "import\(letter)"
        var early = early
        var failure = failure
        func connect(_ database: Configuration.Database) throws(PostgresError) -> Connection {
            if let error = failure {
                failure = nil
                throw error
            }
            if let connection = early.take() { return connection }
            return try Connection.open(database, isWanted: { lane.shouldGoOn })
        }
        guard let dry else {
            var writer = Writer<Connection>(
                lane, logger: logger, rejectsName: name, progress: .ofProcess,
                slabRows: ImportLimits.slabRows(
                    lanes: lane.configuration().configuration.ring.lanes),
                connect: connect)
            writer.run()
            return
        }
        var writer = Writer<DrySession>(
            lane, logger: logger, rejectsName: name, progress: .ofNothing
        ) { (database) throws(PostgresError) in DrySession(try connect(database), tally: dry) }
        writer.files = FileProgress(isDry: true)
        writer.run()
    }
}
