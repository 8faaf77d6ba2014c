import Postgres
import Ring

/// How much of a ring is in the database.
///
/// A ring that outlives the process has a row in `sluice_progress`, written in the transaction that
/// writes the rows: after any doubt it tells what is in.
struct Progress {
    /// How that is known.
    private enum Keeping {
        /// By the row of the ring.
        case row(RingIdentity)
        /// By what the server says of the last transaction: for a ring that ends with the process.
        case transaction
        /// Nothing is written.
        case none
    }

    /// A COMMIT that may have happened: the transaction's number, and the position behind it.
    private struct Pending {
        let transaction: String
        let position: UInt64
    }

    private let keeping: Keeping
    /// What the database said last; 0 before it was asked.
    private(set) var stored: UInt64 = 0
    private var pending: Pending?

    private init(_ keeping: Keeping) {
        self.keeping = keeping
    }

    /// For a ring that is opened again after a crash.
    init(of ring: RingIdentity) {
        self.init(.row(ring))
    }

    /// For a ring that was just made and ends with this process.
    static let ofProcess = Progress(.transaction)

    /// For rows that are written nowhere.
    static let ofNothing = Progress(.none)

    /// Asks the database, and waits for whoever is about to change the answer: a transaction of ours
    /// whose COMMIT is still on its way holds the row. A ring without a row gets one.
    mutating func read(
        _ connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) {
        switch keeping {
        case .row(let ring): try read(ring, &connection)
        case .transaction: try readTransaction(&connection)
        case .none: break
        }
    }

    private mutating func read(
        _ ring: RingIdentity, _ connection: inout some DatabaseSession & ~Copyable
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

    private mutating func readTransaction(
        _ connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) {
        guard let asked = pending else { return }
        let rows = try connection.query(
            "SELECT pg_catalog.txid_status($1::bigint)", [asked.transaction])
        switch rows.first?[0] {
        case "in progress":
            throw PostgresError(
                sqlState: "55P03", message: "the transaction before has not ended yet")
        case "committed": stored = asked.position
        default: break
        }
        pending = nil
    }

    /// Moves the row on within the open transaction, and looks at the tables that it has written to.
    ///
    /// - Parameter tables: their names in SQL.
    mutating func move(
        to position: UInt64, tables: [String],
        _ connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> Move {
        switch keeping {
        case .row(let ring):
            let rows = try connection.query(
                """
                UPDATE \(Destinations.progressTable) SET position = $2, updated_at = now() \
                WHERE ring_id = $1 AND source = '' AND position = $4 \
                RETURNING \(Fingerprint.ofTables(parameter: "$3"))
                """,
                [ring.description, String(position), arrayLiteral(tables), String(stored)])
            return rows.first.map { .done(fingerprint: $0[0]) } ?? .lostToAnother
        case .transaction:
            let rows = try connection.query(
                """
                SELECT \(Fingerprint.ofTables(parameter: "$1")), pg_catalog.txid_current()
                """, [arrayLiteral(tables)])
            pending = rows[0][1].map { Pending(transaction: $0, position: position) }
            return .done(fingerprint: rows[0][0])
        case .none:
            let rows = try connection.query(
                "SELECT \(Fingerprint.ofTables(parameter: "$1"))", [arrayLiteral(tables)])
            return .done(fingerprint: rows[0][0])
        }
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
        pending = nil
    }
}
