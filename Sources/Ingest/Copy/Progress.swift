import Postgres
import Ring

/// The row of `sluice_progress` that says how much of a ring is in the database.
///
/// It is written in the transaction that writes the rows: after any doubt it tells what is in.
struct Progress {
    let ring: RingIdentity
    /// What the table said last; 0 before it was asked.
    private(set) var stored: UInt64 = 0

    init(of ring: RingIdentity) {
        self.ring = ring
    }

    /// Asks the database, and waits for whoever is about to change the answer: a transaction of ours
    /// whose COMMIT is still on its way holds the row. A ring without a row gets one.
    mutating func read(
        _ connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) {
        let name = Destinations.progressTable
        _ = try connection.query(
            """
            INSERT INTO \(name) (ring_id, source, position) VALUES ($1, '', 0) \
            ON CONFLICT DO NOTHING
            """, [ring.description])
        let rows = try connection.query(
            "SELECT position FROM \(name) WHERE ring_id = $1 AND source = '' FOR UPDATE",
            [ring.description])
        stored = rows.first?[0].flatMap { UInt64($0) } ?? 0
    }

    /// Moves the row on within the open transaction, and looks at the tables that it has written to.
    ///
    /// - Parameter tables: their names in SQL.
    func move(
        to position: UInt64, tables: [String],
        _ connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> Move {
        let rows = try connection.query(
            """
            UPDATE \(Destinations.progressTable) SET position = $2, updated_at = now() \
            WHERE ring_id = $1 AND source = '' AND position = $4 \
            RETURNING \(Fingerprint.ofTables(parameter: "$3"))
            """, [ring.description, String(position), arrayLiteral(tables), String(stored)])
        return rows.first.map { .done(fingerprint: $0[0]) } ?? .lostToAnother
    }

    /// What came of moving the row.
    enum Move {
        /// With the fingerprint of the tables, nil for none.
        case done(fingerprint: String?)
        /// Somebody else has moved the row since it was read. This transaction must not be
        /// committed, for two writers would both write what is in the ring.
        case lostToAnother
    }

    /// Notes that the transaction with `move` is committed.
    mutating func committed(_ position: UInt64) {
        stored = position
    }
}
