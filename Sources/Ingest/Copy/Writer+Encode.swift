import LineProtocol
import Postgres
import Ring

/// From the pinned frames to rows in the slab.
extension Writer where Session: ~Copyable {
    /// Decodes and encodes frame after frame, sending full slabs on the way.
    ///
    /// - Returns: the end of the last frame of the batch.
    mutating func encodeFrames(
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
        let precision =
            Precision(rawValue: UInt8(truncatingIfNeeded: frame.info.attributes)) ?? .nanoseconds
        let window = timeLimits[frame.info.source]
        var counts = FrameCounts()
        var offset = 0
        let payload = unsafe frame.payload
        while offset < payload.count {
            offset = unsafe decoder.decode(
                payload, from: offset, precision: precision, into: &decoded)
            for index in 0..<decoded.lineCount {
                try encode(
                    decoded.line(index), of: frame, precision, window, source: source, &counts,
                    &connection)
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
        _ line: DecodedLine, of frame: Frame, _ precision: Precision, _ window: TimeWindow,
        source: Int, _ counts: inout FrameCounts,
        _ connection: inout Session
    ) throws(WriteFailure) {
        counts.lines &+= 1
        if let error = line.error {
            reject(
                line, source, RejectReason(error),
                .lineError(error, precision, receivedAt: frame.info.receivedAt))
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
        let receivedAt = frame.info.receivedAt
        let time = line.hasTimestamp ? line.timestamp : receivedAt
        if line.hasTimestamp {
            let verdict = window.check(time, in: precision, receivedAt: receivedAt)
            if let reason = RejectReason(verdict) {
                touched.insert(layout.target)
                reject(
                    line, source, reason,
                    .time(verdict, time, precision, window, receivedAt: receivedAt))
                return
            }
        }
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
        case lineError(LineError, Precision, receivedAt: Int64)
        case time(TimeWindow.Verdict, Int64, Precision, TimeWindow, receivedAt: Int64)
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
                reason, source: UInt16(truncatingIfNeeded: source), line.raw,
                text(of: fault, line, lane.ring.source(UInt16(truncatingIfNeeded: source))))
        }
    }

    private func text(of fault: Fault, _ line: DecodedLine, _ listener: String?) -> String {
        switch fault {
        case .lineError(.range, let precision, let receivedAt):
            TimeWindow.explanation(
                ofOutOfRange: line.raw, in: precision, receivedAt: receivedAt, listener: listener)
                ?? "no line protocol: \(LineError.range.category)"
        case .lineError(let error, _, _): "no line protocol: \(error.category)"
        case .time(let verdict, let time, let precision, let window, let receivedAt):
            window.explanation(
                of: verdict, time, in: precision, receivedAt: receivedAt, listener: listener)
        case .layout(let layout): router.rejection(layout)
        case .misfit(let misfit, let column, let layout):
            router.explanation(of: misfit, column: column, layout)
        case .rowTooLong: "the row is longer than a batch may be"
        }
    }
}
