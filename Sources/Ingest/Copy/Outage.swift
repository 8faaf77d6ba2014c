import Logging
import Postgres
import Threads

/// Tells of a database that cannot be written to: once when it begins, once for each new reason,
/// and once when it is over, with the number of tries.
struct Outage {
    private let logger: Logger
    private let report: Lock<LaneReport>
    private let clock: PipelineClock
    private var told: String?
    private var since: ContinuousClock.Instant?
    private var attempts = 0
    /// The server's process whose connection has been told of; another one is another connection.
    private var toldConnection: Int32?

    init(logger: Logger, report: Lock<LaneReport>, clock: PipelineClock) {
        self.logger = logger
        self.report = report
        self.clock = clock
    }

    /// The database cannot be reached, or wants to be asked again later.
    mutating func unavailable(_ failure: WriteFailure, wasConnected: Bool) {
        begin(failure.text, .unavailable(why: failure.text))
        guard isNew(failure) else { return }
        logger.event(
            wasConnected ? .databaseLost : .databaseUnavailable, .warning,
            "database unavailable: \(failure.text); readings are kept in the ring",
            Self.metadata(failure))
    }

    /// Something is wrong that a person has to put right.
    mutating func holding(_ failure: WriteFailure) {
        begin(failure.text, .holding(why: failure.text))
        guard isNew(failure) else { return }
        var event = Event.batchHeld
        if case .tableProblem = failure { event = .tableProblem }
        logger.event(
            event, .error,
            "writing is held: \(failure.text); readings are kept, and it is tried again",
            Self.metadata(failure))
    }

    /// A batch came through, or the connection stands and there is nothing to write.
    mutating func over(_ connection: borrowing some DatabaseSession & ~Copyable) {
        let isNew = toldConnection != connection.serverProcess
        if !isNew && since == nil { return }
        toldConnection = connection.serverProcess
        report.withLock { $0.enter(.writing, at: clock.now()) }
        guard let since else {
            logger.event(
                .databaseConnected, .info, "connected to the database",
                ["database": "\(connection.redacted)"])
            return
        }
        logger.event(
            .databaseConnected, .notice, "the database takes readings again",
            [
                "database": "\(connection.redacted)",
                "duration": "\((clock.now() - since).fieldText)",
                "attempts": "\(attempts)",
            ])
        self.since = nil
        told = nil
        attempts = 0
    }

    private mutating func begin(_ why: String, _ state: LaneReport.State) {
        if since == nil { since = clock.now() }
        attempts += 1
        report.withLock { $0.enter(state, at: clock.now()) }
    }

    private mutating func isNew(_ failure: WriteFailure) -> Bool {
        let reason = failure.reason
        defer { told = reason }
        return reason != told
    }

    private static func metadata(_ failure: WriteFailure) -> Logger.Metadata {
        var fields: Logger.Metadata = [:]
        if let sqlState = failure.sqlState { fields["sqlstate"] = "\(sqlState)" }
        if let table = failure.table { fields["table"] = "\(table)" }
        return fields
    }
}
