import Postgres

/// From the slab into the tables, within the open transaction.
extension Writer where Session: ~Copyable {
    /// Writes the rows of the slab within the open transaction and empties it.
    mutating func flush(_ session: inout Session) throws(WriteFailure) {
        for shape in rows.shapes {
            touched.insert(router.shapes[shape].target)
            written.insert(router.shapes[shape].target)
        }
        if isCareful {
            try flushCarefully(&session)
        } else {
            let suppressed = try lane.ask { () throws(PostgresError) in
                try sender.finish(rows, router.shapes, on: &session)
            }
            for (row, missing) in suppressed {
                rejectSuppressed(
                    rows.rowNumbers(ofShape: Int(rows.origin(of: row).shape))[...], missing)
            }
        }
        rows.removeAll()
    }

    // MARK: - Row by row if need be

    private mutating func flushCarefully(_ session: inout Session) throws(WriteFailure) {
        var refusals: [CarefulCopy.Refusal] = []
        let runs = carefulRuns()
        for run in runs { refusals += try writeCarefully(run, &session) }
        // What a row refers to may have come in this very batch, into a table whose turn was later.
        let again =
            rows.shapes.count > 1 ? refusals.filter { $0.error.sqlState == "23503" } : []
        if !again.isEmpty {
            refusals.removeAll { $0.error.sqlState == "23503" }
            let numbers = again.map(\.row).sorted()
            for run in rows.runs(of: numbers) { refusals += try writeCarefully(run, &session) }
        }
        for refusal in refusals { reject(refusal) }
    }

    /// The rows in the order in which they are tried: those of a shape together, because each run is
    /// a COPY of its own; but where duplicates have a policy, those of a table in the order of
    /// arrival, because there the first or the last one wins.
    private func carefulRuns() -> [[Int]] {
        let byTarget = Dictionary(grouping: rows.shapes) { router.shapes[$0].target }
        return byTarget.values.sorted { $0[0] < $1[0] }.flatMap { shapes in
            let byShape = shapes.map { rows.rowNumbers(ofShape: $0) }
            let hasPolicy = shapes.contains { router.shapes[$0].staging != nil }
            guard hasPolicy, shapes.count > 1 else { return byShape }
            return rows.runs(of: byShape.flatMap(\.self).sorted())
        }
    }

    /// Writes rows of one shape, and counts those that came to nothing without being refused.
    ///
    /// - Returns: those that were refused.
    private mutating func writeCarefully(
        _ numbers: [Int], _ session: inout Session
    ) throws(WriteFailure) -> [CarefulCopy.Refusal] {
        let shape = router.shapes[Int(rows.origin(of: numbers[0]).shape)]
        let staging = closedStaging.contains(shape.target) ? nil : shape.staging
        var careful = CarefulCopy()
        try lane.ask { () throws(PostgresError) in
            try careful.write(numbers, of: rows, shape, staging, with: &sender, on: &session)
        }
        savepoints += careful.savepoints
        if let error = careful.stagingError { closeStaging(shape, error) }
        for shortfall in careful.duplicates { noteDuplicates(shortfall.rows, shortfall.missing) }
        for shortfall in careful.suppressed { rejectSuppressed(shortfall.rows, shortfall.missing) }
        return careful.refusals
    }

    /// Duplicates of this table are rejected until the catalog is read again.
    private mutating func closeStaging(_ shape: CopyShape, _ error: PostgresError) {
        guard closedStaging.insert(shape.target).inserted else { return }
        let text = WriteFailure.database(error).text
        logger.event(
            .duplicatePolicy, .warning,
            """
            table \(shape.table): its policy for duplicates does not work, they are rejected: \(text)
            """, ["table": "\(shape.table)"])
    }

    /// The server tells only how many there were in a chunk: the first ones are taken for them.
    private mutating func noteDuplicates(_ numbers: ArraySlice<Int>, _ missing: Int) {
        for number in numbers.prefix(missing) {
            let origin = rows.origin(of: number)
            takeBack(origin)
            tallies[Int(origin.source)].duplicates += 1
        }
    }
}
