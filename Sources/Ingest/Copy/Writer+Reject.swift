import LineProtocol
import Postgres

/// What is wrong with a line, put into words for one example of each reason only.
enum LineFault {
    case lineError(LineError)
    case time(TimeWindow.Verdict, Int64)
    case layout(CompiledLayout)
    case misfit(Misfit, _ column: Int, CompiledLayout)
    case rowTooLong

    /// The target that the line was meant for, if it came so far.
    var target: Int? {
        switch self {
        case .lineError, .time, .rowTooLong: nil
        case .layout(let layout): layout.reason == .noTable ? nil : layout.target
        case .misfit(_, _, let layout): layout.target
        }
    }
}

/// Lines that come to nothing: counted by reason, kept as they came, and told by example.
extension Writer where Session: ~Copyable {
    /// A line that no row can be made of.
    @inline(never)
    mutating func reject(
        _ line: DecodedLine, _ context: FrameContext, _ reason: RejectReason, _ fault: LineFault
    ) {
        tallies[Int(context.source)].reject(reason)
        var detail: String?
        // Without a table it is told once for each name, and counted by it.
        if reason != .noTable, samples.count(reason) {
            let text = text(of: fault, line, context)
            samples.keep(
                reason, source: context.source, line.raw, text,
                table: fault.target.flatMap { router.destinations.targets[$0].usable?.table.name })
            detail = text
        }
        let table = fault.target.flatMap { tableName($0) }
        rejects.add(
            line.raw, source: context.source, reason: reason, receivedAt: context.receivedAt,
            precision: context.precision, table: table, detail: detail)
    }

    /// A row that the database has refused.
    mutating func reject(_ refusal: CarefulCopy.Refusal) {
        let origin = rows.origin(of: refusal.row)
        let reason = RejectReason(sqlState: refusal.error.sqlState ?? "")
        takeBack(origin)
        tallies[Int(origin.source)].reject(reason)
        let shape = router.shapes[Int(origin.shape)]
        let table = tableName(shape.target)
        if samples.count(reason) {
            samples.keep(
                reason, source: origin.source, origin.line,
                "table \(shape.table): \(refusal.error)", table: shape.table,
                sqlState: refusal.error.sqlState)
        }
        rejects.add(
            origin.line, source: origin.source, reason: reason, receivedAt: origin.receivedAt,
            precision: origin.precision, sqlState: refusal.error.sqlState,
            table: table, detail: refusal.error.explanation)
    }

    /// Rows that the server left out without an error are not in the table, and so not rows. It does
    /// not say which of a COPY they are: the first ones are taken for them, and none is kept, for it
    /// may be in the table.
    mutating func rejectSuppressed(_ numbers: ArraySlice<Int>, _ missing: Int) {
        for number in numbers.prefix(missing) {
            let origin = rows.origin(of: number)
            takeBack(origin)
            tallies[Int(origin.source)].reject(.suppressed)
        }
        let origin = rows.origin(of: numbers.first!)
        guard samples.count(.suppressed, lines: UInt64(missing)) else { return }
        let table = router.shapes[Int(origin.shape)].table
        samples.keep(
            .suppressed, source: origin.source, origin.line,
            "table \(table) took fewer rows than it was given; look at its triggers",
            table: table)
    }

    /// A row that was counted is none after all.
    mutating func takeBack(_ origin: RowOrigin) {
        let source = Int(origin.source)
        tallies[source].rows -= 1
        tallies[source].unmatchedValues -= UInt64(origin.unmatchedCount)
        if origin.isCut { tallies[source].timestampsCut -= 1 }
    }

    /// Tells of rejected lines whose time has come, or of all before the end.
    mutating func tellRejected(isLast: Bool = false) {
        samples.tell(logger, at: clock.now(), isLast: isLast) { lane.ring.source($0) }
    }

    /// The table's name in SQL, put together once for each target.
    private mutating func tableName(_ target: Int) -> String? {
        if let name = tableNames[target] { return name }
        let name = router.destinations.targets[target].usable?.table.sqlName
        tableNames[target] = name
        return name
    }

    private func text(
        of fault: LineFault, _ line: DecodedLine, _ context: FrameContext
    ) -> String {
        let listener = lane.ring.source(context.source)
        switch fault {
        case .lineError(.range):
            return TimeWindow.explanation(
                ofOutOfRange: line.raw, in: context.precision, receivedAt: context.receivedAt,
                listener: listener) ?? "no line protocol: \(LineError.range.category)"
        case .lineError(let error): return "no line protocol: \(error.category)"
        case .time(let verdict, let time):
            return context.window.explanation(
                of: verdict, time, in: context.precision, receivedAt: context.receivedAt,
                listener: listener)
        case .layout(let layout): return router.rejection(layout)
        case .misfit(let misfit, let column, let layout):
            return router.explanation(of: misfit, column: column, layout)
        case .rowTooLong: return "the row is longer than a batch may be"
        }
    }
}
