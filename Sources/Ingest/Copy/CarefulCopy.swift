import Postgres

/// Brings in every row of a shape but those that the database refuses, and finds out which these
/// are.
///
/// Works within an open transaction in which deferred constraints were made immediate: they have to
/// speak while it is clear which rows they mean. Chunks are tried under savepoints, and where the
/// table has a policy for duplicates they go through its temporary table.
struct CarefulCopy {
    /// What the database said of one row.
    struct Refusal {
        let row: Int
        let error: PostgresError
    }

    /// Some of these rows are not in the table as rows of their own.
    struct Shortfall {
        let rows: ArraySlice<Int>
        let missing: Int
    }

    /// Savepoints that were kept; the server remembers each until the transaction ends.
    private(set) var savepoints = 0
    private(set) var refusals: [Refusal] = []
    /// Rows whose key was there already, or came again in their chunk.
    private(set) var duplicates: [Shortfall] = []
    /// Rows that the server left out without an error, as a trigger can do.
    private(set) var suppressed: [Shortfall] = []
    /// Why the way through the temporary table is closed, if that was found out.
    private(set) var stagingError: PostgresError?

    /// Writes the rows with these numbers, all of one shape.
    ///
    /// - Parameter staging: the way for rows whose key may be there already; nil for plain COPY.
    /// - Throws: an error that no row is to blame for.
    mutating func write<Session: DatabaseSession & ~Copyable>(
        _ numbers: [Int], of rows: borrowing BatchRows, _ shape: CopyShape, _ staging: Staging?,
        with sender: inout RowSender, on session: inout Session
    ) throws(PostgresError) {
        var staging = staging
        if let wanted = staging, try !open(wanted, on: &session) { staging = nil }
        var finder = FaultFinder(count: numbers.count)
        while let range = finder.next {
            try session.execute("SAVEPOINT chunk")
            do throws(PostgresError) {
                try write(numbers[range], of: rows, shape, staging, with: &sender, on: &session)
                savepoints += 1
                finder.succeeded()
            } catch {
                sender.reset()
                let isClosed = staging != nil && Staging.isImpossible(error)
                guard !session.isBroken, isClosed || error.blamesRows else { throw error }
                try forgetChunk(on: &session)
                if isClosed {
                    close(error)
                    staging = nil
                } else if let position = finder.failed(error) {
                    refusals.append(Refusal(row: numbers[position], error: error))
                }
            }
        }
        if let staging { try session.execute(staging.drop) }
    }

    /// One chunk, and its savepoint's release.
    private mutating func write<Session: DatabaseSession & ~Copyable>(
        _ chunk: ArraySlice<Int>, of rows: borrowing BatchRows, _ shape: CopyShape,
        _ staging: Staging?, with sender: inout RowSender, on session: inout Session
    ) throws(PostgresError) {
        let statement = staging?.copy ?? shape.statement
        let taken = try sender.send(chunk, of: rows, statement, on: &session)
        let merge = try staging?.merge(taken, on: &session)
        if let staging { try session.execute(staging.empty) }
        try session.execute("RELEASE SAVEPOINT chunk")
        let missing = merge?.suppressed ?? chunk.count - taken
        // No row may be taken back twice: the duplicates are taken for the first ones.
        let duplicateCount = merge?.duplicates ?? 0
        if duplicateCount > 0 {
            duplicates.append(Shortfall(rows: chunk, missing: duplicateCount))
        }
        if missing > 0 {
            suppressed.append(
                Shortfall(rows: chunk.dropFirst(duplicateCount), missing: missing))
        }
    }

    /// Makes the temporary table.
    ///
    /// - Returns: whether the server lets us.
    private mutating func open<Session: DatabaseSession & ~Copyable>(
        _ staging: Staging, on session: inout Session
    ) throws(PostgresError) -> Bool {
        try session.execute("SAVEPOINT chunk")
        do throws(PostgresError) {
            try session.execute(staging.create)
            try session.execute("RELEASE SAVEPOINT chunk")
            return true
        } catch {
            guard !session.isBroken, Staging.isImpossible(error) else { throw error }
            try forgetChunk(on: &session)
            close(error)
            return false
        }
    }

    private mutating func close(_ error: PostgresError) { stagingError = stagingError ?? error }

    private func forgetChunk<Session: DatabaseSession & ~Copyable>(
        on session: inout Session
    ) throws(PostgresError) {
        // Released too, or savepoints would pile up, each with a lock of its own.
        try session.execute("ROLLBACK TO SAVEPOINT chunk; RELEASE SAVEPOINT chunk")
    }
}

extension PostgresError {
    /// Whether some row is at fault, and not the table, the connection or the server.
    fileprivate var blamesRows: Bool {
        let remedy = Remedy(self)
        return remedy == .rejectRows || remedy == .reloadCatalog
    }
}
