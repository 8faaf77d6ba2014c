@testable import Postgres

/// A made-up PostgreSQL: what is committed, what may still be, and what goes wrong.
final class SimulatedServer {
    /// What a crash leaves and a backup holds.
    struct Contents {
        /// How often each id is in the table without a key.
        var plain: [Int64: Int] = [:]
        /// By key, which id is there.
        var keyed: [Int64: Int64] = [:]
        /// By ring.
        var progress: [String: UInt64] = [:]

        /// How often a reading is in its table.
        func count(of reading: Reading) -> Int {
            switch reading.table {
            case .plain: plain[reading.id] ?? 0
            case .keyed: keyed[reading.key] == reading.id ? 1 : 0
            }
        }
    }

    /// A row as it is copied.
    struct Row {
        let table: SimulatedTable
        let id: Int64
        let key: Int64
        let value: Double
    }

    /// Rows and a position that are not committed yet.
    struct Transaction {
        var rows: [Row] = []
        /// What the temporary table holds, if it is there.
        var staged: [Row]?
        /// How many rows the last merge replaced.
        var replaced = 0
        var progress: (ring: String, position: UInt64)?
        var checksAtOnce = false
        var savepoints: [(rows: [Row], staged: [Row]?)] = []
        var isFailed = false

        /// Whether a deferred constraint speaks at the COMMIT.
        var failsAtCommit: Bool {
            rows.contains { $0.value == Fate.refusedAtCommit.value }
        }
    }

    /// How often, in a thousand calls, each thing goes wrong.
    struct Faults {
        /// The connection breaks before the server has met the call.
        var lostBefore = 0
        /// The connection breaks after it, and the answer is gone.
        var lostAfter = 0
        /// A COMMIT whose connection broke is carried out some time later, or never.
        var late = 0
        /// The server says: not now.
        var retry = 0
        /// The server says what a person has to put right.
        var hold = 0
    }

    var contents = Contents()
    var isUp = true
    /// What a backup holds, if there is one.
    private var backup: Contents?
    var faults = Faults()
    /// Connections of earlier lives are broken.
    private(set) var life = 0
    /// COMMITs that arrived, and that nobody has heard the outcome of.
    private(set) var late: Transaction?
    /// Changes with each change of a table.
    var schemaVersion = 1
    var dice: any RandomNumberGenerator
    /// Called before each call, and may say that the calling process dies there.
    var diesNow: () -> Bool = { false }
    private var processes: Int32 = 0

    init(dice: any RandomNumberGenerator) { self.dice = dice }

    func connect() throws(PostgresError) -> SimulatedSession {
        guard isUp, !happens(faults.lostBefore) else { throw .lost }
        if happens(faults.retry) {
            throw PostgresError(sqlState: "53300", message: "too many connections")
        }
        processes += 1
        return SimulatedSession(server: self, life: life, process: processes)
    }

    /// All connections end, and with them what is not committed.
    func crash() {
        resolveLate()
        life += 1
    }

    func stop() {
        crash()
        isUp = false
    }

    func takeBackup() { backup = contents }

    /// Everything since the backup is gone, and nobody was told.
    ///
    /// - Returns: whether there was a backup.
    func restoreBackup() -> Bool {
        guard let backup else { return false }
        crash()
        contents = backup
        return true
    }

    func happens(_ perThousand: Int) -> Bool {
        perThousand > 0 && Int.random(in: 0..<1000, using: &dice) < perThousand
    }

    func carryOutLater(_ transaction: Transaction) {
        resolveLate()
        late = transaction
    }

    /// What was late is carried out now, or never.
    func resolveLate() {
        guard let transaction = late else { return }
        late = nil
        if !transaction.failsAtCommit, Bool.random(using: &dice) { commit(transaction) }
    }

    func commit(_ transaction: Transaction) {
        for row in transaction.rows {
            switch row.table {
            case .plain: contents.plain[row.id, default: 0] += 1
            case .keyed: contents.keyed[row.key] = row.id
            }
        }
        if let (ring, position) = transaction.progress { contents.progress[ring] = position }
    }

    /// Why the table refuses rows that were copied into it, if it does.
    func refusal(
        of rows: [Row], in transaction: Transaction, checksKeys: Bool = true
    ) -> PostgresError? {
        var keys = keys(in: transaction)
        var foreignKeyFails = false
        for (index, row) in rows.enumerated() {
            if row.value == Fate.refused.value {
                return PostgresError(
                    sqlState: "23514", message: "violates check constraint",
                    context: "COPY \(row.table), line \(index + 1): \"…\"")
            }
            if checksKeys, row.table == .keyed, !keys.insert(row.key).inserted {
                return PostgresError(
                    sqlState: "23505", message: "duplicate key",
                    context: "COPY \(row.table), line \(index + 1)")
            }
            foreignKeyFails =
                foreignKeyFails || row.value == Fate.refusedUnnamed.value
                || transaction.checksAtOnce && row.value == Fate.refusedAtCommit.value
        }
        return foreignKeyFails ? .foreignKey : nil
    }

    /// The keys that are taken for a transaction.
    func keys(in transaction: Transaction) -> Set<Int64> {
        var keys = Set(contents.keyed.keys)
        for row in transaction.rows where row.table == .keyed { keys.insert(row.key) }
        return keys
    }

    // MARK: - Catalog

    func fingerprint(of table: SimulatedTable) -> String { "\(table) \(schemaVersion)" }

    var catalog: Catalog {
        Catalog(
            tables: SimulatedTable.allCases.enumerated().map { index, table in
                var description = Table(
                    oid: UInt32(index + 1), schema: "public", name: table.rawValue,
                    isOnSearchPath: true, isPartitioned: false, mayInsert: true,
                    hasRowSecurity: false,
                    columns: [
                        .simulated("id", .bigint), .simulated("key", .bigint),
                        .simulated("time", .timestamptz),
                        .simulated("value", .doublePrecision),
                    ],
                    uniqueKeys: table == .keyed
                        ? [
                            UniqueKey(
                                name: "k", columns: ["key"], isPrimary: true, isImmediate: true)
                        ]
                        : [])
                description.mayReplace = true
                description.fingerprint = fingerprint(of: table)
                return description
            })
    }
}

extension Column {
    fileprivate static func simulated(_ name: String, _ type: ColumnType) -> Column {
        Column(
            name: name, type: type, domain: nil, isNotNull: false, hasDefault: false,
            identity: .none, isGenerated: false, mayInsert: true)
    }
}

extension PostgresError {
    static let lost = PostgresError(origin: .connection, message: "the connection is lost")
    static let foreignKey = PostgresError(
        sqlState: "23503", message: "violates foreign key constraint")
}
