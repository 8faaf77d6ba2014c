import Logging
import Postgres
import Ring

/// What the writer and the database tell each other before readings are written.
extension Writer where Session: ~Copyable {
    /// Prepares a connection: its settings, how far the database has come, what tables there are.
    mutating func prepare(_ session: inout Session) throws(WriteFailure) {
        try lane.ask { () throws(PostgresError) in
            try session.execute(sessionSettings(session.serverVersion))
        }
        try endFormerProcess(&session)
        try lane.ask { () throws(PostgresError) in
            serverProcess = try ServerProcess.current(&session)
            try progress.read(&session)
        }
        resolveDoubt()
        files.forget()
        // Only a batch of ours moves it on, and all of those are settled. To follow another writer
        // would be to take what it wrote for what is in this ring.
        if hasResumed, progress.stored > lane.ring.snapshot().tail { throw .progressMoved }
        rejects.settle(upTo: progress.stored, confirmed: lane.ring.confirmedPosition)
        try resume()
        hasResumed = true
        try readCatalog(&session)
    }

    /// The server may not have noticed that the connection before this one is lost.
    private mutating func endFormerProcess(_ session: inout Session) throws(WriteFailure) {
        guard let former = formerProcess else { return }
        do throws(WriteFailure) {
            let wasThere = try lane.ask { () throws(PostgresError) in try former.end(&session) }
            if wasThere {
                logger.event(
                    .formerConnection, .notice,
                    "the server had not noticed the end of the last connection; its process is ended",
                    ["process": "\(former.number)"])
            }
        } catch {
            // It costs time, not readings: the locks go when the server notices by itself.
            guard !session.isBroken else { throw error }
            logger.event(
                .formerConnection, .warning,
                "the process of the last connection could not be ended: \(error.text)",
                ["process": "\(former.number)"])
        }
        formerProcess = nil
    }

    /// What a role or a database may have set otherwise, for people or for other programs.
    private func sessionSettings(_ serverVersion: Int) -> String {
        var settings = [
            "lock_timeout = '\(IngestLimits.lockTimeoutSeconds)s'", "statement_timeout = 0",
            "idle_in_transaction_session_timeout = '\(IngestLimits.idleInTransactionSeconds)s'",
            "tcp_keepalives_idle = \(Postgres.Limits.keepaliveIdleSeconds)",
            "tcp_keepalives_interval = \(Postgres.Limits.keepaliveIntervalSeconds)",
            "tcp_keepalives_count = \(Postgres.Limits.keepaliveCount)",
        ]
        if serverVersion >= 120_000 {
            settings.append("tcp_user_timeout = \(Postgres.Limits.unacknowledgedMilliseconds)")
        }
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
        let position = progress.stored
        var settlements: [Settlement] = []
        do throws(RingError) {
            let resumption = try lane.ring.resume(after: position) { settlement, totals in
                totals.add(settlement)
                settlements.append(settlement)
            }
            LedgerReconciliation.found(settlements, in: lane.ring)
            switch resumption {
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

    private mutating func readCatalog(_ session: inout Session) throws(WriteFailure) {
        lastCatalogRead = clock.now()
        isCatalogStale = false
        rememberWritten()
        let catalog = try lane.ask { () throws(PostgresError) in try session.catalog() }
        var destinations = Destinations(
            catalog, mappings: configuration.tables, role: session.role)
        destinations.hold(missing: known)
        router.reset(destinations)
        closedStaging = []
        tableNames = [:]
        tellTableProblems()
    }

    private mutating func rememberWritten() {
        for (measurement, index) in router.destinations.indexes where written.contains(index) {
            known[measurement] = router.destinations.targets[index].usable?.table.sqlName
        }
        written = []
    }

    /// Looks again when lines had names that nothing took: somebody may have made the column.
    mutating func refreshCatalogIfWanted(_ session: inout Session) throws(WriteFailure) {
        guard isCatalogStale,
            clock.now() - lastCatalogRead >= IngestLimits.catalogInterval
        else { return }
        try readCatalog(&session)
    }

    /// Says of each table once what is wrong with it.
    private mutating func tellTableProblems() {
        var tables: [String: String] = [:]
        for case .unusable(let problem) in router.destinations.targets where problem.isToBeTold {
            tables["table \(problem.table): \(problem.description)"] = problem.tableName
        }
        let problems = Set(tables.keys)
        let warnings = Set(router.destinations.duplicateProblems)
        for warning in warnings.subtracting(toldProblems).sorted() {
            logger.event(.duplicatePolicy, .warning, "\(warning)")
        }
        for problem in problems.subtracting(toldProblems).sorted() {
            logger.event(
                .tableProblem, .error,
                "\(problem); lines for it are kept and hold up those behind them",
                ["table": "\(tables[problem]!)"])
        }
        toldProblems = problems.union(warnings)
    }
}
