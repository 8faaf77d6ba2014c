import Glibc
import Postgres

/// What an import asks the database of files, beside the lanes.
struct ImportDatabase: ~Copyable {
    private var connection: Connection
    private let owner = HostIdentity.current

    /// Connects.
    init(_ settings: Configuration.Database) throws(PostgresError) {
        connection = try Connection.open(settings)
    }

    /// Whether the server still listens, as far as can be told without asking it.
    var isAlive: Bool {
        mutating get {
            do throws(PostgresError) {
                try connection.checkIdle()
                return !connection.isBroken
            } catch {
                return false
            }
        }
    }

    /// Makes sure that no other import loads the file until this one is at its end.
    ///
    /// - Returns: whether none does.
    mutating func claim(_ identity: FileIdentity) throws(PostgresError) -> Bool {
        // Two numbers as one: whoever loads the file comes to the same.
        let key = Int64(bitPattern: identity.device &* 0x9e37_79b9_7f4a_7c15 ^ identity.inode)
        let rows = try connection.query(
            "SELECT pg_catalog.pg_try_advisory_lock($1::bigint)", [String(key)])
        return rows.first?[0] == "t"
    }

    /// What is known of a file, oldest first.
    mutating func known(_ identity: FileIdentity) throws(PostgresError) -> [KnownFile] {
        let rows = try connection.query(
            """
            SELECT source, position FROM \(Destinations.progressTable) \
            WHERE ring_id = $1 AND source LIKE $2 ORDER BY updated_at
            """, [owner, prefix(identity) + "%"])
        return rows.compactMap(KnownFile.init(row:))
    }

    /// All stripes of the file are in: one row says so from now on.
    mutating func finish(_ key: FileKey, at position: UInt64) throws(PostgresError) {
        let name = Destinations.progressTable
        let updated = try connection.query(
            """
            UPDATE \(name) SET source = $2, position = $3, updated_at = now() \
            WHERE ring_id = $1 AND source LIKE $4 AND source NOT LIKE $5 RETURNING 1
            """,
            [
                owner, key.text, String(position), prefix(key.identity) + "%",
                prefix(key.identity) + Self.stripes,
            ])
        if updated.isEmpty {
            _ = try connection.query(
                """
                INSERT INTO \(name) (ring_id, source, position) VALUES ($1, $2, $3) \
                ON CONFLICT (ring_id, source) DO UPDATE SET position = EXCLUDED.position
                """, [owner, key.text, String(position)])
        }
        do throws(PostgresError) {
            _ = try connection.query(
                "DELETE FROM \(name) WHERE ring_id = $1 AND source LIKE $2",
                [owner, prefix(key.identity) + Self.stripes])
        } catch {
            // A role without that right: rows of stripes that are not beyond the file's own say
            // nothing any more.
            guard error.sqlState == "42501" else { throw error }
        }
    }

    /// What a stripe's text has behind the inode: length, hash, and a third part.
    private static let stripes = "%:%:%+%"

    private func prefix(_ identity: FileIdentity) -> String {
        "\(FileKey.textPrefix)\(identity.device):\(identity.inode):"
    }
}
