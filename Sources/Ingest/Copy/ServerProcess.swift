import Postgres

/// The server's process behind a connection, so that it can be told from all others later.
struct ServerProcess: Equatable {
    /// As `pg_stat_activity` names it.
    let number: String
    /// When it began, in seconds since 1970: numbers come again.
    let start: String

    /// Asks the server who serves this connection.
    static func current(
        _ session: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> ServerProcess? {
        let rows = try session.query(
            """
            SELECT pid::text, extract(epoch FROM backend_start)::text \
            FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()
            """, [])
        guard let row = rows.first, let number = row[0], let start = row[1] else { return nil }
        return ServerProcess(number: number, start: start)
    }

    /// Ends a process whose connection is lost and that does not know it yet: it holds the locks of
    /// an open transaction.
    ///
    /// - Returns: whether there was one to end.
    func end(
        _ session: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> Bool {
        // Older servers cannot wait for the end; there the next batch waits for the locks.
        let patience =
            session.serverVersion >= 140_000 ? ", \(IngestLimits.formerProcessMilliseconds)" : ""
        let rows = try session.query(
            """
            SELECT pg_catalog.pg_terminate_backend(pid\(patience))::text \
            FROM pg_catalog.pg_stat_activity WHERE pid = $1::integer \
            AND extract(epoch FROM backend_start)::text = $2 AND state <> 'idle'
            """, [number, start])
        return !rows.isEmpty
    }
}
