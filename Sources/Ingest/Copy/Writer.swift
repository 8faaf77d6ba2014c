import LineProtocol
import Logging
import Postgres
import Ring

/// A lane's way out: takes frames from the ring, decodes, routes and encodes them, and writes them
/// with COPY, one transaction a batch. Runs on a thread of its own and owns the connection.
struct Writer: ~Copyable {
    let lane: Lane
    let logger: Logger
    var rows: BatchRows
    var decoded: DecodedBatch
    var decoder = Decoder(lineBytesMax: IngestLimits.lineBytesMax)
    var sender = RowSender()
    var router: Router
    var progress: Progress
    var outage: Outage
    var samples = RejectSamples()
    /// What the batch in work did, by source.
    var tallies: [OutcomeTally] = []
    /// A batch whose COMMIT was sent and not answered; its frames stay pinned.
    var doubt: UInt64?
    /// Up to here batches are written row by row if need be: there is something in between that the
    /// database refuses.
    var carefulUntil: UInt64?
    var isCareful: Bool { carefulUntil != nil }
    /// Savepoints that the careful transaction in work keeps.
    var savepoints = 0
    /// Rows that the batch in work has come to.
    var encodedRows = 0
    /// The end of the last frame that the batch in work has come to.
    var reached: UInt64 = 0
    /// The targets, by index, that rows or rejected lines of the batch in work belong to.
    var touched: Set<Int> = []
    /// The targets that rows were written to since the catalog was read.
    var written: Set<Int> = []
    /// Tables that readings were written to, by measurement: when one is gone, its readings wait.
    private var known: [[UInt8]: String] = [:]
    /// A COMMIT was not answered since the last batch that came through: it may still arrive.
    private var isAfterDoubt = false
    /// Changes of tables since the last batch that came through.
    private var tableChanges = 0
    var configuration: Configuration
    var version = 0
    var backoff: Backoff
    /// Names or tables were not as the catalog said; it is read again before long.
    var isCatalogStale = false
    /// Problems of tables that have been told.
    var toldProblems: Set<String> = []
    private var holdBackoff: Backoff
    private var lastStart = ContinuousClock.now
    private var lastCatalogRead = ContinuousClock.now

    init(_ lane: Lane, logger: Logger) {
        self.lane = lane
        self.logger = logger
        configuration = lane.configuration().configuration
        rows = BatchRows(
            byteLimit: IngestLimits.slabBytes, rowLimit: configuration.batch.rows)
        decoded = DecodedBatch(
            lineCapacity: IngestLimits.linesPerDecode, lineBytesMax: IngestLimits.lineBytesMax)
        router = Router(.none)
        progress = Progress(of: lane.ring.identity)
        outage = Outage(logger: logger, report: lane.report)
        backoff = Backoff(
            first: configuration.database.retryMin, max: configuration.database.retryMax)
        holdBackoff = Backoff(
            first: IngestLimits.holdFirst, max: configuration.database.retryMax)
    }

    /// Runs until the lane is told to finish and has done so, or is out of time.
    mutating func run() {
        var wasConnected = false
        while lane.shouldGoOn {
            takeUpConfiguration()
            tellRejected()
            do throws(WriteFailure) {
                wasConnected = false
                var connection = try connect()
                wasConnected = true
                lane.hold(connection.interrupter)
                try serve(&connection)
            } catch {
                lane.hold(nil)
                sender.reset()
                // What is cut off at the end of a stop is no outage.
                guard lane.shouldGoOn else { break }
                outage.unavailable(error, wasConnected: wasConnected)
                lane.pause(backoff.next())
            }
        }
        lane.hold(nil)
        tellRejected(isLast: true)
        lane.report.withLock { $0.enter(.stopped) }
    }

    private func connect() throws(WriteFailure) -> Connection {
        try lane.ask { () throws(PostgresError) in
            try Connection.open(
                configuration.database,
                onNotice: { [logger] notice in
                    logger.debug("database: \(notice.description)")
                },
                isWanted: { lane.shouldGoOn })
        }
    }

    /// Works with one connection until the lane ends, the connection is lost, or the configuration
    /// names another database.
    private mutating func serve(_ connection: inout Connection) throws(WriteFailure) {
        var isPrepared = false
        let target = configuration.database.connectionText
        while lane.shouldGoOn {
            takeUpConfiguration()
            if configuration.database.connectionText != target { return }
            tellRejected()
            do throws(WriteFailure) {
                if !isPrepared {
                    try prepare(&connection)
                    isPrepared = true
                }
                guard lane.ring.waitForFrames(atMost: Lane.turnPause) else {
                    lane.turn()
                    try lane.ask { () throws(PostgresError) in try connection.checkIdle() }
                    outage.over(connection)
                    continue
                }
                pace()
                // What comes after a reload's end is written by the new configuration.
                guard lane.configurationVersion == version else { continue }
                try refreshCatalogIfWanted(&connection)
                try writeBatch(&connection)
                outage.over(connection)
                forgetTroubles()
            } catch {
                isPrepared = try recover(from: error, &connection) && isPrepared
            }
        }
    }

    /// A batch came through: whatever was the matter before it is over.
    private mutating func forgetTroubles() {
        backoff.reset()
        holdBackoff.reset()
        tableChanges = 0
        isAfterDoubt = false
        if let until = carefulUntil, reached >= until { carefulUntil = nil }
    }

    /// Puts the connection in order after a failure and waits as the failure asks.
    ///
    /// - Returns: whether what was read from the database still holds.
    private mutating func recover(
        from failure: WriteFailure, _ connection: inout Connection
    ) throws(WriteFailure) -> Bool {
        if connection.isBroken { sender.reset() } else { sender.abandon(on: &connection) }
        if doubt != nil { isAfterDoubt = true }
        // A batch in doubt is kept until the database has told whether it is in, also when the next
        // connection fails before that.
        if doubt == nil { giveUpBatch() }
        if connection.isBroken { throw failure }
        try lane.ask { () throws(PostgresError) in try connection.execute("ROLLBACK") }
        if case .progressMoved = failure, isAfterDoubt {
            // It was us: the COMMIT went through after the database had been asked for it.
            isAfterDoubt = false
            return false
        }
        switch failure.remedy {
        case .reloadCatalog where tableChanges < IngestLimits.tableChangesMax:
            tableChanges += 1
            return false
        case .rejectRows, .reloadCatalog:
            // Once more, finding the rows that are refused.
            if !isCareful {
                carefulUntil = reached
                return failure.remedy == .rejectRows
            }
            return hold(failure)
        case .retry:
            outage.unavailable(failure, wasConnected: true)
            lane.pause(backoff.next())
            return true
        case .hold:
            return hold(failure)
        }
    }

    /// Nothing of the batch is in the database: its frames may be dropped again, and what was noted
    /// of it never happened.
    private mutating func giveUpBatch() {
        samples.forget()
        router.forgetUnmatched()
        lane.ring.unpin()
    }

    private mutating func hold(_ failure: WriteFailure) -> Bool {
        outage.holding(failure)
        lane.pause(holdBackoff.next())
        return false
    }

    private mutating func takeUpConfiguration() {
        let (new, version) = lane.configuration()
        guard version != self.version else { return }
        self.version = version
        configuration = new
        backoff = Backoff(first: new.database.retryMin, max: new.database.retryMax)
        holdBackoff = Backoff(first: IngestLimits.holdFirst, max: new.database.retryMax)
        known = [:]
        written = []
        // At once: the operator waits for it.
        lastCatalogRead = .now - IngestLimits.catalogInterval
        isCatalogStale = true
    }

    /// Not more than one batch an interval, so that small readings share transactions; under load
    /// the batches themselves take longer than that.
    private mutating func pace() {
        let elapsed = ContinuousClock.now - lastStart
        if elapsed < configuration.batch.interval, !lane.isFinishing, !isCareful {
            lane.pause(configuration.batch.interval - elapsed)
        }
        lastStart = .now
    }

    // MARK: - What the database knows

    private mutating func prepare(_ connection: inout Connection) throws(WriteFailure) {
        try lane.ask { () throws(PostgresError) in
            try connection.execute(sessionSettings(connection.serverVersion))
            try progress.read(&connection)
        }
        resolveDoubt()
        try resume()
        try readCatalog(&connection)
    }

    /// What a role or a database may have set otherwise, for people or for other programs.
    private func sessionSettings(_ serverVersion: Int) -> String {
        var settings = [
            "lock_timeout = '\(IngestLimits.lockTimeoutSeconds)s'", "statement_timeout = 0",
            "idle_in_transaction_session_timeout = 0",
        ]
        if serverVersion >= 140_000 { settings.append("idle_session_timeout = 0") }
        // What is committed is given up by the ring: it must survive a crash of the server.
        let durable = """
            SELECT pg_catalog.set_config('synchronous_commit', 'on', false) \
            WHERE pg_catalog.current_setting('synchronous_commit') = 'off'
            """
        return settings.map { "SET \($0); " }.joined() + durable
    }

    /// Settles a COMMIT that was not answered, now that the database has been asked.
    private mutating func resolveDoubt() {
        guard let end = doubt else { return }
        doubt = nil
        if progress.stored == end {
            settle(end)
        } else {
            giveUpBatch()
        }
    }

    /// Leaves out what the database has already.
    private func resume() throws(WriteFailure) {
        let position = progress.stored ?? 0
        do throws(RingError) {
            switch try lane.ring.resume(after: position) {
            case .nothingToSkip(behind: 0): break
            case .nothingToSkip(let behind):
                logger.event(
                    .progressBehind, .error,
                    """
                    the database has less than it confirmed: it was restored from a backup or \
                    replaced; readings between are not in it
                    """,
                    ["bytes": "\(behind)", "ring": "\(lane.ring.identity)"])
            case .skipped(let frames):
                lane.report.withLock { $0.alreadyStored += UInt64(frames) }
                logger.event(
                    .ringResumed, .info, "readings that the database has already are skipped",
                    ["datagrams": "\(frames)"])
            case .jumped(let frames, let from):
                lane.report.withLock { $0.alreadyStored += UInt64(frames) }
                logger.event(
                    .progressAhead, .error,
                    "the database has more of this ring than the ring itself: the file is older",
                    ["datagrams": "\(frames)", "from": "\(from)", "to": "\(position)"])
            }
        } catch {
            throw .ring(error.description)
        }
    }

    private mutating func readCatalog(_ connection: inout Connection) throws(WriteFailure) {
        lastCatalogRead = .now
        isCatalogStale = false
        rememberWritten()
        let catalog = try lane.ask { () throws(PostgresError) in try Catalog(&connection) }
        var destinations = Destinations(
            tables: catalog.tables, mappings: configuration.tables, role: connection.role)
        destinations.hold(missing: known)
        router.reset(destinations)
        tellTableProblems()
    }

    private mutating func rememberWritten() {
        for (measurement, index) in router.destinations.indexes where written.contains(index) {
            known[measurement] = router.destinations.targets[index].usable?.table.sqlName
        }
        written = []
    }

    /// Looks again when lines had names that nothing took: somebody may have made the column.
    private mutating func refreshCatalogIfWanted(
        _ connection: inout Connection
    ) throws(WriteFailure) {
        guard isCatalogStale,
            ContinuousClock.now - lastCatalogRead >= IngestLimits.catalogInterval
        else { return }
        try readCatalog(&connection)
    }
}
