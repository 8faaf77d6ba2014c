import LineProtocol
import Postgres
import Ring

/// What all lines of a frame have in common.
struct FrameContext {
    let source: UInt16
    let precision: Precision
    /// Nanoseconds since 1970.
    let receivedAt: Int64
    /// Which of its timestamps are believed.
    let window: TimeWindow

    /// A line's time in nanoseconds since 1970, and whether that is believed; what brings none was
    /// measured when it was received.
    @inline(__always)
    func time(of line: UnsafePointer<DecodedLine>) -> (Int64, TimeWindow.Verdict) {
        guard unsafe line.pointee.hasTimestamp else { return (receivedAt, .fine) }
        let time = unsafe line.pointee.timestamp
        return (time, window.check(time, in: precision, receivedAt: receivedAt))
    }
}

/// The lines of a frame that are to be written, and what stands around them.
@safe
private struct FrameLines {
    // Safe to pass around while the frame stays pinned.
    let payload: UnsafeRawBufferPointer
    /// Whether other lines of the same file stand in front of them.
    var isContinuation = false
    var end = PayloadEnd.clean
}

/// From the pinned frames to rows in the slab.
extension Writer where Session: ~Copyable {
    /// Decodes and encodes frame after frame, sending full slabs on the way: those that were pinned, and
    /// where the lane takes them on, those that have come meanwhile.
    ///
    /// - Returns: the end of the last frame of the batch.
    mutating func encodeFrames(
        _ pinned: PinnedFrames, _ session: inout Session
    ) throws(WriteFailure) -> UInt64 {
        encodedRows = 0
        var frames = pinned
        while try encode(frames, &session), lane.takesOnFrames, !isCareful,
            let more = lane.ring.pinMore(), areKnown(more)
        {
            frames = more
        }
        return reached
    }

    /// - Returns: whether the batch has room for more.
    private mutating func encode(
        _ frames: PinnedFrames, _ session: inout Session
    ) throws(WriteFailure) -> Bool {
        for frame in frames {
            reached = frame.end
            try encode(frame, &session)
            lane.reach(reached)
            if isBatchFull { return false }
            if isCareful, rows.count >= IngestLimits.carefulRows {
                try flush(&session)
                if savepoints >= IngestLimits.carefulSavepoints { return false }
            }
        }
        return true
    }

    /// Whether the batch is as large as it may be, or as it had better be.
    var isBatchFull: Bool {
        encodedRows >= rowLimit || router.isFull || sender.isSortingDue(rows, router.shapes)
    }

    private mutating func encode(
        _ frame: Frame, _ session: inout Session
    ) throws(WriteFailure) {
        let source = Int(frame.info.source)
        while tallies.count <= source { tallies.append(OutcomeTally()) }
        let context = FrameContext(
            source: frame.info.source,
            precision: FrameAttributes(rawValue: frame.info.attributes).precision,
            receivedAt: frame.info.receivedAt, window: timeLimits[frame.info.source])
        var counts = FrameCounts()
        let lines = lines(of: frame)
        var offset = 0
        while unsafe offset < lines.payload.count {
            offset = unsafe decoder.decode(
                lines.payload, from: offset, precision: context.precision,
                isContinuation: lines.isContinuation, end: lines.end, into: &decoded)
            var index = 0
            while index < decoded.lineCount {
                index += encodeRun(from: index, context, &counts)
                guard index < decoded.lineCount else { break }
                try unsafe encode(decoded.place(ofLine: index), context, &counts, &session)
                index += 1
            }
            try sendAhead(&session)
        }
        tallies[source].frames += 1
        tallies[source].bytes += unsafe UInt64(frame.payload.count)
        count(&counts, source)
    }

    /// Lets the server work on what is there while more is decoded.
    @inline(__always)
    private mutating func sendAhead(_ session: inout Session) throws(WriteFailure) {
        guard !isCareful, sender.isPieceDue(rows, router.shapes) else { return }
        try lane.ask { () throws(PostgresError) in
            try sender.sendAhead(&rows, router.shapes, on: &session)
        }
    }

    /// A datagram's lines are all of it; of a file's, those that the database does not have.
    private mutating func lines(of frame: Frame) -> FrameLines {
        let payload = unsafe frame.payload
        guard FrameAttributes(rawValue: frame.info.attributes).isFile else {
            return unsafe FrameLines(payload: payload)
        }
        let lines = unsafe FileChunk.lines(of: payload)
        guard let chunk = unsafe FileChunk(payload) else {
            return unsafe FrameLines(payload: UnsafeRawBufferPointer(rebasing: lines[..<0]))
        }
        let comesAgain = lane.files.isRead(chunk.key.identity)
        let verdict = files.take(chunk, lineBytes: lines.count, comesAgain: comesAgain)
        guard case .write(let from) = verdict else {
            return unsafe FrameLines(payload: UnsafeRawBufferPointer(rebasing: lines[..<0]))
        }
        let end: PayloadEnd =
            chunk.flags.contains(.isBroken)
            ? .broken : chunk.flags.contains(.isLast) ? .endOfFile : .clean
        return unsafe FrameLines(
            payload: UnsafeRawBufferPointer(rebasing: lines[from...]),
            isContinuation: chunk.start + UInt64(from) > 0, end: end)
    }

    /// What a frame's lines did since it was last added to the tally.
    struct FrameCounts {
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

    @inline(never)
    private mutating func encode(
        _ line: UnsafePointer<DecodedLine>, _ context: FrameContext, _ counts: inout FrameCounts,
        _ session: inout Session
    ) throws(WriteFailure) {
        counts.lines &+= 1
        if let error = unsafe line.pointee.error {
            unsafe reject(line.pointee, context, RejectReason(error), .lineError(error))
            return
        }
        let items = unsafe decoded.items(of: line.pointee).baseAddress!
        let layout = unsafe router.layout(of: line, items)
        switch layout.verdict {
        case .hold: throw .tableProblem(router.problems(ofTarget: layout.target))
        case .reject:
            if layout.reason != .noTable { touched.insert(layout.target) }
            unsafe reject(line.pointee, context, layout.reason, .layout(layout))
            return
        case .row: break
        }
        let (time, verdict) = unsafe context.time(of: line)
        if let reason = RejectReason(verdict) {
            touched.insert(layout.target)
            unsafe reject(line.pointee, context, reason, .time(verdict, time))
            return
        }
        let hasTime = unsafe line.pointee.hasTimestamp
        while true {
            switch unsafe RowEncoder.encode(items, time: time, layout: layout, into: &rows.slab) {
            case .row(let isCut):
                unsafe rows.noteOrigin(line.pointee.raw, context, layout, isCut: isCut && hasTime)
                counts.rows &+= 1
                counts.unmatchedValues &+= UInt64(layout.unmatchedCount)
                if isCut && hasTime { counts.timestampsCut &+= 1 }
            case .misfit(let misfit, let column):
                touched.insert(layout.target)
                unsafe reject(
                    line.pointee, context, RejectReason(misfit), .misfit(misfit, column, layout))
            case .full where rows.count > 0:
                count(&counts, Int(context.source))
                try flush(&session)
                continue
            case .full:
                unsafe reject(line.pointee, context, .rowTooLong, .rowTooLong)
            }
            return
        }
    }
}
