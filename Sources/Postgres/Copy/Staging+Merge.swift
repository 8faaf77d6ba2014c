/// What `Staging` asks of a connection.
package protocol StatementSession: ~Copyable {
    /// Runs statements without looking at rows.
    ///
    /// - Returns: how many rows the last one touched.
    @discardableResult
    mutating func execute(_ sql: String) throws(PostgresError) -> Int
    /// Runs one statement with text parameters, and gives its rows.
    mutating func query(
        _ sql: String, _ parameters: [String?]
    ) throws(PostgresError) -> [[String?]]
}

extension Connection: StatementSession {}

extension Staging {
    /// What became of the rows of a chunk. The sum is how many there were.
    package struct Merge: Equatable, Sendable {
        /// Rows that are in the table now and were not before.
        package let inserted: Int
        /// `ignore`: rows that were dropped, be it by a trigger. `replace`: rows that took the place
        /// of another one in the table, or that a later one of the chunk took the place of.
        package let duplicates: Int
        /// `replace`: rows that a trigger kept out of the table without an error.
        package let suppressed: Int
    }

    /// Brings the rows of the temporary table into theirs.
    ///
    /// An error of class 22 or 23 has no row number; then smaller chunks find the row. A conflict with
    /// another key than the one that decides is one of them.
    ///
    /// - Parameter count: how many rows the COPY took.
    /// - Throws: also what `isImpossible` is for.
    package func merge<Session: StatementSession & ~Copyable>(
        _ count: Int, on session: inout Session
    ) throws(PostgresError) -> Merge {
        guard count > 0 else { return Merge(inserted: 0, duplicates: 0, suppressed: 0) }
        switch policy {
        case .ignore:
            let inserted = try session.execute(insert)
            return Merge(inserted: inserted, duplicates: count - inserted, suppressed: 0)
        case .replace:
            return try replace(count, on: &session)
        }
    }

    private func replace<Session: StatementSession & ~Copyable>(
        _ count: Int, on session: inout Session
    ) throws(PostgresError) -> Merge {
        let left = try count - session.execute(removeSuperseded)
        let touched = try session.execute(insert)
        let replaced = try Self.number(session.query(replacedCount, []))
        // Triggers may leave out what was to be inserted, which is then missing, or what was to be
        // changed, which is there all the same.
        let present = try touched == left ? left : Self.number(session.query(presentCount, []))
        return Merge(
            inserted: present - replaced, duplicates: count - left + replaced,
            suppressed: left - present)
    }

    private static func number(_ rows: [[String?]]) -> Int {
        rows.first?.first?.flatMap { $0 }.flatMap { Int($0) } ?? 0
    }

    /// Whether an error of these statements says that this way is closed, and not that a row is wrong
    /// or that the server is away: a right is missing, the key is gone, the table has rules. Then the
    /// rows go by plain COPY, as if the policy were to reject them.
    package static func isImpossible(_ error: PostgresError) -> Bool {
        guard let sqlState = error.sqlState, sqlState != "55P03" else { return false }
        return ["0A", "42", "55"].contains(String(sqlState.prefix(2)))
    }
}
