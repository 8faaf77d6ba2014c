import LineProtocol
import Logging
import Postgres
import Ring

/// A lane's way out: takes frames from the ring, decodes, routes and encodes them, and writes them
/// with COPY, one transaction a batch. Owns the connection.
///
/// It goes step by step and never waits for anything but the database: whoever runs it does the
/// waiting, on a thread (`run`) or with a clock that is turned by hand.
struct Writer<Session: DatabaseSession & ~Copyable>: ~Copyable {
    /// How the writer comes to a connection, or why not.
    typealias Connect = (Configuration.Database) throws(PostgresError) -> Session

    let lane: Lane
    let logger: Logger
    let clock: PipelineClock
    private let connect: Connect
    private var connection: Session?
    /// Whether what was read from the database holds for the connection.
    private var isPrepared = false
    /// Whether the ring has taken up, since it was opened, what the database knew of it.
    var hasResumed = false
    /// What the connection was made with.
    private var connectedTo = ""
    /// Who serves the connection, as far as it has been asked.
    var serverProcess: ServerProcess?
    /// Who served the connection before, which was lost.
    var formerProcess: ServerProcess?
    var rows: BatchRows
    var decoded: DecodedBatch
    var decoder = Decoder(lineBytesMax: IngestLimits.lineBytesMax)
    var sender: RowSender
    var router = Router(.none)
    var progress: Progress
    /// How far files are in the database.
    var files = FileProgress()
    var outage: Outage
    var samples = RejectSamples()
    /// What the batch in work did, by source.
    var tallies: [OutcomeTally] = []
    /// Where refused lines are kept.
    var rejects: RejectsWriter
    /// What the batch in work makes of the ledger.
    var staged: [StagedOutcome] = []
    /// Which timestamps are believed, by source.
    var timeLimits = TimeLimits()
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
    /// Names in SQL of targets that lines were refused for.
    var tableNames: [Int: String] = [:]
    /// The targets whose duplicates are rejected because their policy was found not to work.
    var closedStaging: Set<Int> = []
    /// The targets that rows were written to since the catalog was read.
    var written: Set<Int> = []
    /// Tables that readings were written to, by measurement: when one is gone, its readings wait.
    var known: [[UInt8]: String] = [:]
    /// Changes of tables since the last batch that came through.
    var tableChanges = 0
    var configuration: Configuration
    /// How much of the ring a batch takes.
    var pinSize: PinSize
    /// Rows of a batch: as configured, or fewer at first and after the database has left some
    /// unanswered.
    var rowLimit: Int
    var version = 0
    var backoff: Backoff
    var holdBackoff: Backoff
    /// Where the jitter of pauses comes from.
    var random: any RandomNumberGenerator
    /// Names or tables were not as the catalog said; it is read again before long.
    var isCatalogStale = false
    /// Problems of tables that have been told.
    var toldProblems: Set<String> = []
    private var lastStart: ContinuousClock.Instant
    /// The last batch was as large as one may be: more was there, or came meanwhile.
    var isBehind = false
    /// Since when there are frames that wait for more.
    private var gatheringSince: ContinuousClock.Instant?
    var lastCatalogRead: ContinuousClock.Instant

    init(
        _ lane: Lane, logger: Logger, rejectsName: String? = nil, progress: Progress? = nil,
        slabRows: Int = IngestLimits.slabRows,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
        connect: @escaping Connect
    ) {
        self.lane = lane
        self.logger = logger
        self.random = random
        self.connect = connect
        clock = lane.clock
        connection = nil
        configuration = lane.configuration().configuration
        rowLimit = configuration.batch.rows
        if configuration.ring.lanes > 1 { rowLimit = min(rowLimit, IngestLimits.batchRowsFirst) }
        pinSize = PinSize(capacity: lane.ring.capacity)
        rows = BatchRows(byteLimit: IngestLimits.slabBytes, rowLimit: slabRows)
        sender = RowSender(rowLimit: slabRows)
        decoded = DecodedBatch(
            lineCapacity: IngestLimits.linesPerDecode, lineBytesMax: IngestLimits.lineBytesMax)
        self.progress = progress ?? Progress(of: lane.ring.identity)
        rejects = RejectsWriter(
            configuration.rejects, lane: rejectsName ?? "\(lane.number)",
            lanes: configuration.ring.lanes, ring: lane.ring.identity,
            sourceName: { lane.ring.source($0) }, now: clock.wall)
        outage = Outage(logger: logger, report: lane.report, clock: clock)
        backoff = Backoff(
            first: configuration.database.retryMin, max: configuration.database.retryMax)
        holdBackoff = Backoff(
            first: IngestLimits.holdFirst, max: configuration.database.retryMax)
        lastStart = clock.now()
        lastCatalogRead = lastStart
    }

    // MARK: - Steps

    /// What has to happen before the next step.
    enum Rest: Equatable {
        /// Nothing.
        case none
        /// Frames arrive, or the time is over.
        case frames(atMost: Duration)
        /// The time is over.
        case pause(Duration)
        /// There is no next step.
        case ended
    }

    /// Does one thing: connects, asks the database what it knows, or writes one batch.
    mutating func step() -> Rest {
        guard lane.shouldGoOn else { return end() }
        takeUpConfiguration()
        tellRejected()
        guard var session = takeConnection() else { return stepWithoutConnection() }
        do throws(WriteFailure) {
            let rest = try step(on: &session)
            connection = consume session
            return rest
        } catch {
            return recover(from: error, session)
        }
    }

    /// The connection, unless it leads to a database that the configuration names no more.
    private mutating func takeConnection() -> Session? {
        if configuration.database.connectionText != connectedTo { connection = nil }
        return connection.take()
    }

    private mutating func stepWithoutConnection() -> Rest {
        lane.hold(nil)
        isPrepared = false
        do throws(WriteFailure) {
            let session = try lane.ask { () throws(PostgresError) in
                try connect(configuration.database)
            }
            connectedTo = configuration.database.connectionText
            lane.hold(session.sever)
            connection = consume session
            return .none
        } catch {
            sender.reset()
            return unavailable(error, wasConnected: false)
        }
    }

    private mutating func step(on session: inout Session) throws(WriteFailure) -> Rest {
        if !isPrepared {
            try prepare(&session)
            isPrepared = true
            return .none
        }
        let ring = lane.ring.snapshot()
        guard ring.frameCount > 0 else {
            lane.turn()
            try lane.ask { () throws(PostgresError) in try session.checkIdle() }
            outage.over(session)
            return .frames(atMost: Lane.turnPause)
        }
        if let rest = gather(ring) ?? pace() { return rest }
        // What comes after a reload's end is written by the new configuration.
        guard lane.configurationVersion == version else { return .none }
        try refreshCatalogIfWanted(&session)
        try writeBatch(&session)
        outage.over(session)
        forgetTroubles()
        return .none
    }

    /// Not more than one batch an interval, so that small readings share transactions; under load
    /// the batches themselves take longer than that, or follow one another at once.
    private mutating func pace() -> Rest? {
        let now = clock.now()
        let left = configuration.batch.interval - (now - lastStart)
        if left > .zero, !lane.isFinishing, !isCareful, !isBehind { return .pause(left) }
        lastStart = now
        return nil
    }

    /// A batch that is begun too early is small, and the next one waits for its transaction.
    private mutating func gather(_ ring: RingSnapshot) -> Rest? {
        let wanted = lane.gatheredBytes
        guard wanted > ring.usedBytes, !lane.isFinishing, !isCareful else {
            gatheringSince = nil
            return nil
        }
        let now = clock.now()
        let since = gatheringSince ?? now
        gatheringSince = since
        if now - since < IngestLimits.gatherPatience { return .pause(IngestLimits.gatherLook) }
        gatheringSince = nil
        return nil
    }

    private mutating func end() -> Rest {
        connection = nil
        lane.hold(nil)
        tellRejected(isLast: true)
        lane.report.withLock { $0.enter(.stopped, at: clock.now()) }
        return .ended
    }

    // MARK: - Troubles

    /// Puts things in order after a failure, and keeps the connection where it is still good.
    private mutating func recover(
        from failure: WriteFailure, _ session: consuming Session
    ) -> Rest {
        if session.isBroken { sender.reset() } else { sender.abandon(on: &session) }
        // A batch in doubt is kept until the database has told whether it is in, also when the next
        // connection fails before that.
        if doubt == nil { giveUpBatch() }
        do throws(WriteFailure) {
            if session.isBroken { throw lane.unanswered.map(WriteFailure.noAnswer) ?? failure }
            try lane.ask { () throws(PostgresError) in try session.execute("ROLLBACK") }
        } catch {
            lane.hold(nil)
            sender.reset()
            formerProcess = serverProcess ?? formerProcess
            serverProcess = nil
            shrinkBatch(after: error)
            return unavailable(error, wasConnected: true)
        }
        connection = consume session
        let answer = answer(to: failure)
        if !answer.isStillPrepared { isPrepared = false }
        return answer.rest
    }

    /// A server that is too slow for the timeout gets less at a time, or it would never be through;
    /// and so does one whose memory is too small, for example for the locks of very many chunks.
    private mutating func shrinkBatch(after failure: WriteFailure) {
        guard failure.isOfTooMuch else { return }
        rowLimit = max(min(rowLimit, encodedRows) / 2, IngestLimits.batchRowsMin)
    }

    /// What is cut off at the end of a stop is no outage.
    private mutating func unavailable(_ failure: WriteFailure, wasConnected: Bool) -> Rest {
        guard lane.shouldGoOn else { return .none }
        outage.unavailable(failure, wasConnected: wasConnected)
        return .pause(backoff.next(using: &random))
    }

    /// Decides on a failure after which the connection is as good as before.
    private mutating func answer(
        to failure: WriteFailure
    ) -> (rest: Rest, isStillPrepared: Bool) {
        switch failure.remedy {
        case .reloadCatalog where tableChanges < IngestLimits.tableChangesMax:
            tableChanges += 1
            return (.none, false)
        case .rejectRows, .reloadCatalog:
            // Once more, finding the rows that are refused.
            if isCareful { return hold(failure) }
            carefulUntil = reached
            return (.none, failure.remedy == .rejectRows)
        case .retry:
            shrinkBatch(after: failure)
            return (unavailable(failure, wasConnected: true), true)
        case .hold:
            return hold(failure)
        }
    }

    private mutating func hold(_ failure: WriteFailure) -> (rest: Rest, isStillPrepared: Bool) {
        outage.holding(failure)
        return (.pause(holdBackoff.next(using: &random)), false)
    }

    /// Nothing of the batch is in the database: its frames may be dropped again, and what was noted
    /// of it never happened.
    mutating func giveUpBatch() {
        samples.forget()
        router.forgetUnmatched()
        rejects.giveUp()
        files.giveUp()
        // What an earlier process has staged is for the database to judge.
        if !staged.isEmpty { lane.ring.unstage() }
        staged.removeAll(keepingCapacity: true)
        lane.ring.unpin()
        lane.reach(lane.ring.snapshot().tail)
    }

    /// A batch came through: whatever was the matter before it is over.
    private mutating func forgetTroubles() {
        backoff.reset()
        holdBackoff.reset()
        tableChanges = 0
        rowLimit = min(rowLimit * 2, configuration.batch.rows)
        if let until = carefulUntil, reached >= until { carefulUntil = nil }
    }

    private mutating func takeUpConfiguration() {
        let (new, version) = lane.configuration()
        guard version != self.version else { return }
        self.version = version
        configuration = new
        rowLimit = min(rowLimit, new.batch.rows)
        timeLimits = TimeLimits(new, sourceCount: RingLimits.sourceCountMax) {
            lane.ring.source($0)
        }
        backoff = Backoff(first: new.database.retryMin, max: new.database.retryMax)
        holdBackoff = Backoff(first: IngestLimits.holdFirst, max: new.database.retryMax)
        known = [:]
        written = []
        // At once: the operator waits for it.
        lastCatalogRead = clock.now() - IngestLimits.catalogInterval
        isCatalogStale = true
    }
}
