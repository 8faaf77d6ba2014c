import LineProtocol
import Postgres
import Ring

/// One batch: from the pinned frames to the COMMIT.
extension Writer where Session: ~Copyable {
    /// Writes what the ring holds, up to the batch's limits, in one transaction. Does nothing when
    /// there is nothing.
    mutating func writeBatch(_ connection: inout Session) throws(WriteFailure) {
        router.prepareForBatch()
        guard let frames = lane.ring.pin(byteLimit: configuration.batch.bytes) else { return }
        beginTally()
        rows.removeAll()
        touched.removeAll(keepingCapacity: true)
        savepoints = 0
        let begin = isCareful ? "BEGIN; SET CONSTRAINTS ALL IMMEDIATE" : "BEGIN"
        try lane.ask { () throws(PostgresError) in try connection.execute(begin) }
        let end = try encodeFrames(frames, &connection)
        try flush(&connection)
        try commit(end, &connection)
        settle(end)
    }

    /// Decodes and encodes frame after frame, sending full slabs on the way.
    ///
    /// - Returns: the end of the last frame of the batch.
    private mutating func encodeFrames(
        _ frames: PinnedFrames, _ connection: inout Session
    ) throws(WriteFailure) -> UInt64 {
        encodedRows = 0
        for frame in frames {
            reached = frame.end
            try encode(frame, &connection)
            if encodedRows >= rowLimit || router.isFull { break }
            if !isCareful {
                try lane.ask { () throws(PostgresError) in
                    try sender.sendAhead(rows, router.shapes, on: &connection)
                }
            } else if rows.count >= IngestLimits.carefulRows {
                try flush(&connection)
                if savepoints >= IngestLimits.carefulSavepoints { break }
            }
        }
        return reached
    }

    private mutating func encode(
        _ frame: Frame, _ connection: inout Session
    ) throws(WriteFailure) {
        let source = Int(frame.info.source)
        while tallies.count <= source { tallies.append(OutcomeTally()) }
        let precision = Precision(rawValue: UInt8(truncatingIfNeeded: frame.info.attributes))
        var counts = FrameCounts()
        var offset = 0
        let payload = unsafe frame.payload
        while offset < payload.count {
            offset = unsafe decoder.decode(
                payload, from: offset, precision: precision ?? .nanoseconds, into: &decoded)
            for index in 0..<decoded.lineCount {
                try encode(
                    decoded.line(index), of: frame, source: source, &counts, &connection)
            }
        }
        tallies[source].frames += 1
        tallies[source].bytes += UInt64(payload.count)
        count(&counts, source)
    }

    /// What a frame's lines did since it was last added to the tally.
    private struct FrameCounts {
        var lines: UInt64 = 0
        var rows: UInt64 = 0
        var unmatchedValues: UInt64 = 0
        var timestampsCut: UInt64 = 0
    }

    /// Adds to the tally, once per frame and before rows go to the database: what it refuses is
    /// taken from the tally again.
    private mutating func count(_ counts: inout FrameCounts, _ source: Int) {
        encodedRows += Int(counts.rows)
        tallies[source].lines += counts.lines
        tallies[source].rows += counts.rows
        tallies[source].unmatchedValues += counts.unmatchedValues
        tallies[source].timestampsCut += counts.timestampsCut
        counts = FrameCounts()
    }

    @inline(__always)
    private mutating func encode(
        _ line: DecodedLine, of frame: Frame, source: Int, _ counts: inout FrameCounts,
        _ connection: inout Session
    ) throws(WriteFailure) {
        counts.lines &+= 1
        if let error = line.error {
            reject(line, source, RejectReason(error), .lineError(error))
            return
        }
        let items = unsafe decoded.items(of: line).baseAddress!
        let layout = unsafe router.layout(of: line, items)
        switch layout.verdict {
        case .hold: throw .tableProblem(router.problems(ofTarget: layout.target))
        case .reject:
            if layout.reason != .noTable { touched.insert(layout.target) }
            reject(line, source, layout.reason, .layout(layout))
            return
        case .row: break
        }
        let time = line.hasTimestamp ? line.timestamp : frame.info.receivedAt
        while true {
            switch unsafe RowEncoder.encode(items, time: time, layout: layout, into: &rows.slab) {
            case .row(let isCut):
                rows.noteOrigin(
                    shape: layout.shape, source: UInt16(truncatingIfNeeded: source),
                    line: line.raw, isCut: isCut && line.hasTimestamp,
                    unmatchedCount: layout.unmatchedCount)
                counts.rows &+= 1
                counts.unmatchedValues &+= UInt64(layout.unmatchedCount)
                if isCut && line.hasTimestamp { counts.timestampsCut &+= 1 }
            case .misfit(let misfit, let column):
                touched.insert(layout.target)
                reject(line, source, RejectReason(misfit), .misfit(misfit, column, layout))
            case .full where rows.count > 0:
                count(&counts, source)
                try flush(&connection)
                continue
            case .full:
                reject(line, source, .rowTooLong, .rowTooLong)
            }
            return
        }
    }

    /// What there is to say of a line, put into words for one example of each reason only.
    private enum Fault {
        case lineError(LineError)
        case layout(CompiledLayout)
        case misfit(Misfit, _ column: Int, CompiledLayout)
        case rowTooLong
    }

    @inline(never)
    private mutating func reject(
        _ line: DecodedLine, _ source: Int, _ reason: RejectReason, _ fault: Fault
    ) {
        tallies[source].reject(reason)
        // Told once for each name, and counted by it.
        if reason == .noTable { return }
        if samples.count(reason) {
            samples.keep(
                reason, source: UInt16(truncatingIfNeeded: source), line.raw, text(of: fault))
        }
    }

    private func text(of fault: Fault) -> String {
        switch fault {
        case .lineError(let error): "no line protocol: \(error.category)"
        case .layout(let layout): router.rejection(layout)
        case .misfit(let misfit, let column, let layout):
            router.explanation(of: misfit, column: column, layout)
        case .rowTooLong: "the row is longer than a batch may be"
        }
    }

    /// Writes the rows of the slab within the open transaction and empties it.
    private mutating func flush(_ connection: inout Session) throws(WriteFailure) {
        for shape in rows.shapes {
            touched.insert(router.shapes[shape].target)
            written.insert(router.shapes[shape].target)
        }
        if isCareful {
            for shape in rows.shapes { try writeCarefully(shape, &connection) }
        } else {
            let suppressed = try lane.ask { () throws(PostgresError) in
                try sender.finish(rows, router.shapes, on: &connection)
            }
            for (row, missing) in suppressed { noteSuppressed(from: row, missing) }
        }
        rows.removeAll()
    }

    private mutating func writeCarefully(
        _ shape: Int, _ connection: inout Session
    ) throws(WriteFailure) {
        var refusals: [FaultFinder.Refusal] = []
        var suppressed: [(row: Int, missing: Int)] = []
        savepoints += try lane.ask { () throws(PostgresError) in
            try FaultFinder.write(
                rows, shape, router.shapes[shape], with: &sender, on: &connection,
                onRefusal: { refusals.append($0) },
                onSuppressed: { suppressed.append(($0, $1)) })
        }
        for refusal in refusals {
            let origin = rows.origin(of: refusal.row)
            let reason = RejectReason(sqlState: refusal.error.sqlState ?? "")
            takeBack(origin, reason)
            if samples.count(reason) {
                samples.keep(
                    reason, source: origin.source, origin.line,
                    "table \(router.shapes[shape].table): \(refusal.error)")
            }
        }
        for (row, missing) in suppressed { noteSuppressed(from: row, missing) }
    }

    /// Rows that the server left out without an error are not in the table, and so not rows. It does
    /// not say which of a COPY they are: the first ones are taken for them.
    private mutating func noteSuppressed(from first: Int, _ missing: Int) {
        var row = first
        for _ in 0..<missing {
            takeBack(rows.origin(of: row), .suppressed)
            row = rows.row(after: row)
        }
        let origin = rows.origin(of: first)
        guard samples.count(.suppressed, lines: UInt64(missing)) else { return }
        let table = router.shapes[Int(origin.shape)].table
        samples.keep(
            .suppressed, source: origin.source, origin.line,
            "table \(table) took fewer rows than it was given; look at its triggers")
    }

    /// A row that was counted is none after all.
    private mutating func takeBack(_ origin: RowOrigin, _ reason: RejectReason) {
        let source = Int(origin.source)
        tallies[source].rows -= 1
        tallies[source].unmatchedValues -= UInt64(origin.unmatchedCount)
        if origin.isCut { tallies[source].timestampsCut -= 1 }
        tallies[source].reject(reason)
    }

    private mutating func commit(
        _ end: UInt64, _ connection: inout Session
    ) throws(WriteFailure) {
        let tables = touched.compactMap { router.destinations.targets[$0].usable?.table }
        let move = try lane.ask { () throws(PostgresError) in
            try progress.move(to: end, tables: tables.map(\.sqlName), &connection)
        }
        guard case .done(let fingerprint) = move else { throw .progressMoved }
        guard fingerprint == Fingerprint.expected(tables.map(\.fingerprint))
        else {
            throw .tableChanged
        }
        do throws(WriteFailure) {
            try lane.ask { () throws(PostgresError) in try connection.execute("COMMIT") }
        } catch {
            // A server that still talks to us has rolled back; one that went away may not have.
            guard connection.isBroken, case .database(let reason) = error else { throw error }
            doubt = end
            throw .doubt(reason)
        }
    }

    // MARK: - After the COMMIT

    private mutating func beginTally() {
        for index in tallies.indices { tallies[index].clear() }
    }

    /// Gives up the frames and counts what became of them.
    mutating func settle(_ end: UInt64) {
        progress.committed(end)
        do throws(RingError) {
            try lane.ring.release(to: end)
        } catch {
            preconditionFailure("a batch ended within a frame: \(error)")
        }
        lane.ring.unpin()
        let unmatched = router.takeUnmatched()
        if !unmatched.isEmpty { isCatalogStale = true }
        var new = lane.report.withLock { report in
            report.add(tallies)
            report.batches += 1
            report.lastCommit = clock.now()
            return report.add(unmatched: unmatched)
        }
        samples.settle()
        new.names = lane.toldNames.takeNew(new.names)
        new.tell(logger)
    }

    /// Tells of rejected lines whose time has come, or of all before the end.
    mutating func tellRejected(isLast: Bool = false) {
        samples.tell(logger, at: clock.now(), isLast: isLast) { lane.ring.source($0) }
    }
}
