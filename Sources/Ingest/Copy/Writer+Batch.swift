import LineProtocol
import Postgres
import Ring

/// One batch: from the pinned frames to the COMMIT.
extension Writer where Session: ~Copyable {
    /// Writes what the ring holds, up to the batch's limits, in one transaction. Does nothing when
    /// there is nothing.
    mutating func writeBatch(_ connection: inout Session) throws(WriteFailure) {
        router.prepareForBatch()
        let start = clock.now()
        let byteLimit = pinBytes()
        let isTooMuch = lane.ring.snapshot().usedBytes > byteLimit
        guard let frames = lane.ring.pin(byteLimit: byteLimit) else { return }
        try readFileRows(frames, &connection)
        beginTally()
        rows.removeAll()
        touched.removeAll(keepingCapacity: true)
        savepoints = 0
        let begin = isCareful ? "BEGIN; SET CONSTRAINTS ALL IMMEDIATE" : "BEGIN"
        try lane.ask { () throws(PostgresError) in try connection.execute(begin) }
        let end = try encodeFrames(frames, &connection)
        isBehind = isTooMuch || isBatchFull
        try flush(&connection)
        try commit(end, &connection)
        settle(end)
        tellCommitted(since: start)
    }

    /// Bytes of the ring for this batch, after room was made for what arrives during it.
    private mutating func pinBytes() -> Int {
        let limit = configuration.batch.bytes
        guard configuration.ring.overflow == .dropOldest else { return limit }
        return pinSize.next(after: lane.makeRoom(), limit: limit)
    }

    private mutating func commit(
        _ end: UInt64, _ connection: inout Session
    ) throws(WriteFailure) {
        try moveFiles(&connection)
        let tables = touched.sorted().compactMap { router.destinations.targets[$0].usable?.table }
        let move = try lane.ask { () throws(PostgresError) in
            try progress.move(to: end, tables: tables.map(\.sqlName), &connection)
        }
        guard case .done(let fingerprint) = move else { throw .progressMoved }
        guard fingerprint == Fingerprint.expected(tables.map(\.fingerprint))
        else {
            throw .tableChanged
        }
        stage(end)
        rejects.write(end: end)
        do throws(WriteFailure) {
            try lane.ask { () throws(PostgresError) in try connection.execute("COMMIT") }
        } catch {
            // A server that still talks to us has rolled back; one that went away may not have.
            guard connection.isBroken, case .database(let reason) = error else { throw error }
            doubt = end
            throw .doubt(reason)
        }
    }

    /// Writes down what holds if the COMMIT goes through: whoever comes after a crash asks the
    /// database how far it is, and knows which counters are right.
    private mutating func stage(_ end: UInt64) {
        staged.removeAll(keepingCapacity: true)
        for (source, tally) in tallies.enumerated() where tally.frames > 0 {
            let index = Ring.ledgerIndex(of: UInt16(truncatingIfNeeded: source))
            let frames = FrameCount(frames: tally.frames, bytes: tally.bytes)
            if let last = staged.indices.last, staged[last].index == index {
                staged[last].batch = staged[last].batch + frames
                staged[last].totals.add(tally)
                continue
            }
            var totals = lane.ring.ledger(of: index).outcome
            totals.add(tally)
            staged.append(StagedOutcome(index: index, batch: frames, totals: totals))
        }
        lane.ring.stage(staged.span, end: end)
    }

    // MARK: - After the COMMIT

    /// For who looks for what takes the time; nobody else reads an entry for each transaction.
    private func tellCommitted(since start: ContinuousClock.Instant) {
        guard logger.logLevel <= .debug else { return }
        var all = OutcomeTally()
        for tally in tallies { all.add(tally) }
        let tables = touched.sorted().compactMap {
            router.destinations.targets[$0].usable?.table.name
        }
        logger.event(
            .batchCommitted, .debug, "a batch is in the database",
            [
                "datagrams": "\(all.frames)", "rows": "\(all.rows)",
                "rejected": "\(all.rejectedTotal)",
                "table": .array(tables.map { "\($0)" }),
                "duration": "\(oneDecimal((clock.now() - start).seconds * 1000))ms",
            ])
    }

    private mutating func beginTally() {
        for index in tallies.indices { tallies[index].clear() }
    }

    /// Gives up the frames and counts what became of them.
    mutating func settle(_ end: UInt64) {
        progress.committed(end)
        // Before the ring gives the chunks up: who reads the files looks at that first.
        lane.files.note(files.committed())
        tellLostBytes()
        do throws(RingError) {
            try lane.ring.release(to: end)
        } catch {
            preconditionFailure("a batch ended within a frame: \(error)")
        }
        lane.ring.unpin()
        staged.removeAll(keepingCapacity: true)
        rejects.settle(upTo: end)
        let unmatched = router.takeUnmatched()
        if !unmatched.isEmpty { isCatalogStale = true }
        var new = lane.report.withLock { report in
            report.add(tallies)
            report.batches += 1
            report.rejects = rejects.counters
            report.rejectsProblem = rejects.problem ?? report.rejectsProblem
            report.lastCommit = clock.now()
            return report.add(unmatched: unmatched)
        }
        samples.settle()
        new.names = lane.toldNames.takeNew(new.names)
        new.tell(logger)
    }
}
