import Postgres
import Ring

/// The row of `sluice_progress` that says how much of a ring is in the database.
///
/// It is written in the transaction that writes the rows: after any doubt it tells what is in.
struct Progress {
    let ring: RingIdentity
    /// What the table said last; nil when it has no row for this ring.
    private(set) var stored: UInt64?

    init(of ring: RingIdentity) {
        self.ring = ring
    }

    /// Asks the database.
    mutating func read(_ connection: inout Connection) throws(PostgresError) {
        let rows = try connection.query(
            "SELECT position FROM \(Destinations.progressTable) WHERE ring_id = $1 AND source = ''",
            [ring.description])
        stored = rows.first?[0].flatMap { UInt64($0) }
    }

    /// Moves the row on within the open transaction.
    ///
    /// - Returns: false when somebody else has moved it since it was read: then this transaction
    ///   must not be committed, for two writers would both write what is in the ring.
    func move(
        to position: UInt64, _ connection: inout Connection
    ) throws(PostgresError) -> Bool {
        if let stored {
            return try !connection.query(
                """
                UPDATE \(Destinations.progressTable) SET position = $3, updated_at = now() \
                WHERE ring_id = $1 AND source = '' AND position = $2 RETURNING 1
                """, [ring.description, String(stored), String(position)]
            ).isEmpty
        }
        return try !connection.query(
            """
            INSERT INTO \(Destinations.progressTable) (ring_id, source, position) \
            VALUES ($1, '', $2) ON CONFLICT DO NOTHING RETURNING 1
            """, [ring.description, String(position)]
        ).isEmpty
    }

    /// Notes that the transaction with `move` is committed.
    mutating func committed(_ position: UInt64) {
        stored = position
    }
}
