@testable import Ingest
@testable import Postgres

/// One connection to the made-up server. Understands the statements that a writer says, and traps
/// at any other.
struct SimulatedSession: DatabaseSession, ~Copyable {
    private let server: SimulatedServer
    private let life: Int
    let serverProcess: Int32
    private var isLost = false
    private var transaction: SimulatedServer.Transaction?
    private var copy: (table: SimulatedTable?, columns: [String], reader: CopyReader)?

    init(server: SimulatedServer, life: Int, process: Int32) {
        self.server = server
        self.life = life
        serverProcess = process
    }

    var isBroken: Bool { isLost }
    var role: String { "sluice" }
    var redacted: String { "the made-up server" }
    var serverVersion: Int { 150_000 }
    var sever: @Sendable () -> Void { {} }

    mutating func checkIdle() throws(PostgresError) {
        if server.life != life || !server.isUp {
            isLost = true
            throw .lost
        }
    }

    @discardableResult
    mutating func execute(_ sql: String) throws(PostgresError) -> Int {
        if sql == "COMMIT" {
            return try call(isCommit: true) { (session) throws(PostgresError) in
                try session.commit()
            }
        }
        return try call { session throws(PostgresError) in
            var count = 0
            for statement in sql.split(separator: "; ") {
                count = try session.run(String(statement))
            }
            return count
        }
    }

    mutating func query(
        _ sql: String, _ parameters: [String?]
    ) throws(PostgresError) -> [[String?]] {
        try call { session throws(PostgresError) in
            if sql.hasPrefix("SELECT pid::text") { return [["\(session.serverProcess)", "0"]] }
            if sql.hasPrefix("SELECT pg_catalog.pg_terminate_backend") { return [] }
            if sql.hasPrefix("SELECT pg_catalog.currval") {
                return [["\(session.transaction!.replaced)"]]
            }
            try session.waitForRow()
            if sql.hasPrefix("SELECT position") {
                return session.server.contents.progress[parameters[0]!].map { [["\($0)"]] } ?? []
            }
            if sql.hasPrefix("INSERT") {
                let old = session.server.contents.progress[parameters[0]!]
                session.server.contents.progress[parameters[0]!] = old ?? 0
                return []
            }
            precondition(sql.hasPrefix("UPDATE"), sql)
            return try session.move(parameters)
        }
    }

    mutating func catalog() throws(PostgresError) -> Catalog {
        try call { $0.server.catalog }
    }

    mutating func beginCopy(_ sql: String) throws(PostgresError) {
        try call { session throws(PostgresError) in
            try session.expectTransaction()
            let names = sql.split(separator: "\"").enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
            if sql.contains("pg_temp") {
                session.copy = (nil, names, CopyReader())
            } else {
                session.copy = (
                    SimulatedTable(rawValue: names[1])!, Array(names[2...]), CopyReader()
                )
            }
        }
    }

    mutating func putCopyData(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        try call { $0.copy!.reader.add(bytes) }
    }

    mutating func finishCopy() throws(PostgresError) -> Int {
        try call { session throws(PostgresError) in
            let (table, columns, reader) = session.copy!
            session.copy = nil
            let places = ["id", "key", "value"].map { columns.firstIndex(of: $0)! }
            let rows = reader.rows().map { row in
                SimulatedServer.Row(
                    // Only this one has a policy for duplicates.
                    table: table ?? .keyed, id: bigEndian(row[places[0]]!),
                    key: bigEndian(row[places[1]]!),
                    value: Double(bitPattern: UInt64(bitPattern: bigEndian(row[places[2]]!))))
            }
            guard table != nil else {
                session.transaction!.staged! += rows
                return rows.count
            }
            if let refusal = session.server.refusal(of: rows, in: session.transaction!) {
                throw refusal
            }
            session.transaction!.rows += rows
            return rows.count
        }
    }

    mutating func abandonCopy(_ reason: String) {
        copy = nil
        transaction?.isFailed = true
    }

    // MARK: - Statements

    private mutating func run(_ statement: String) throws(PostgresError) -> Int {
        switch statement {
        case "BEGIN": transaction = SimulatedServer.Transaction()
        case "SET CONSTRAINTS ALL IMMEDIATE": transaction!.checksAtOnce = true
        case "ROLLBACK": transaction = nil
        case "SAVEPOINT chunk":
            try expectTransaction()
            transaction!.savepoints.append((transaction!.rows, transaction!.staged))
        case "RELEASE SAVEPOINT chunk":
            try expectTransaction()
            transaction!.savepoints.removeLast()
        case "ROLLBACK TO SAVEPOINT chunk":
            (transaction!.rows, transaction!.staged) = transaction!.savepoints.last!
            transaction!.isFailed = false
        default:
            if statement.hasPrefix("SET ") || statement.hasPrefix("SELECT ") { return 0 }
            try expectTransaction()
            return try stage(statement)
        }
        return 0
    }

    /// What concerns the temporary table.
    private mutating func stage(_ statement: String) throws(PostgresError) -> Int {
        if statement.hasPrefix("CREATE TEMPORARY") || statement.hasPrefix("TRUNCATE") {
            transaction!.staged = []
        } else if statement.hasPrefix("DROP TABLE") {
            transaction!.staged = nil
        } else if statement.hasPrefix("DELETE") {
            let last = Dictionary(transaction!.staged!.map { ($0.key, $0.id) }) { $1 }
            let all = transaction!.staged!
            transaction!.staged = all.filter { last[$0.key] == $0.id }
            return all.count - transaction!.staged!.count
        } else if statement.hasPrefix("INSERT") {
            return try merge(replaces: statement.contains("DO UPDATE"))
        } else {
            precondition(statement.hasPrefix("ALTER TABLE"), statement)
        }
        return 0
    }

    private mutating func merge(replaces: Bool) throws(PostgresError) -> Int {
        let staged = transaction!.staged!
        let refusal = server.refusal(of: staged, in: transaction!, checksKeys: false)
        if let refusal {
            // The rows of an INSERT have no line numbers.
            throw PostgresError(sqlState: refusal.sqlState!, message: refusal.message)
        }
        var count = 0
        transaction!.replaced = 0
        for row in staged {
            let isThere = server.keys(in: transaction!).contains(row.key)
            if isThere && !replaces { continue }
            if isThere { transaction!.replaced += 1 }
            transaction!.rows.removeAll { $0.table == .keyed && $0.key == row.key }
            transaction!.rows.append(row)
            count += 1
        }
        return count
    }

    private func expectTransaction() throws(PostgresError) {
        guard let transaction, !transaction.isFailed else {
            throw PostgresError(sqlState: "25P02", message: "the transaction is aborted")
        }
    }

    /// Whoever came first holds the row until its outcome is known, or until our patience is over.
    private func waitForRow() throws(PostgresError) {
        if server.late != nil, Int.random(in: 0..<3, using: &server.dice) == 0 {
            throw PostgresError(sqlState: "55P03", message: "lock timeout")
        }
        server.resolveLate()
    }

    private mutating func move(_ parameters: [String?]) throws(PostgresError) -> [[String?]] {
        try expectTransaction()
        let ring = parameters[0]!
        let expected = UInt64(parameters[3]!)
        guard server.contents.progress[ring] == expected else { return [] }
        transaction!.progress = (ring, UInt64(parameters[1]!)!)
        let tables = SimulatedTable.allCases.filter {
            parameters[2]!.contains("\($0.rawValue)\\\"")
        }
        let inOrder = tables.sorted {
            parameters[2]!.firstRange(of: $0.rawValue)!.lowerBound
                < parameters[2]!.firstRange(of: $1.rawValue)!.lowerBound
        }
        return [[Fingerprint.expected(inOrder.map { server.fingerprint(of: $0) })]]
    }

    private mutating func commit() throws(PostgresError) -> Int {
        let transaction = self.transaction!
        self.transaction = nil
        precondition(!transaction.isFailed, "COMMIT of a failed transaction")
        if transaction.failsAtCommit { throw .foreignKey }
        server.commit(transaction)
        return 0
    }

    // MARK: - Faults

    private mutating func call<Answer>(
        isCommit: Bool = false, _ body: (inout Self) throws(PostgresError) -> Answer
    ) throws(PostgresError) -> Answer {
        if isLost || server.life != life || !server.isUp || server.diesNow()
            || server.happens(server.faults.lostBefore)
        {
            throw lose()
        }
        if isCommit, server.happens(server.faults.late) {
            if let transaction { server.carryOutLater(transaction) }
            throw lose()
        }
        if server.happens(server.faults.retry) {
            throw fail(with: PostgresError(sqlState: "40001", message: "try again"))
        }
        // Within a chunk it would say that the way for duplicates is closed.
        if transaction?.savepoints.isEmpty ?? true, server.happens(server.faults.hold) {
            throw fail(with: PostgresError(sqlState: "42501", message: "permission denied"))
        }
        let answer: Answer
        do throws(PostgresError) {
            answer = try body(&self)
        } catch {
            throw fail(with: error)
        }
        if server.happens(server.faults.lostAfter) || server.diesNow() { throw lose() }
        return answer
    }

    private mutating func fail(with error: PostgresError) -> PostgresError {
        copy = nil
        transaction?.isFailed = true
        return error
    }

    private mutating func lose() -> PostgresError {
        isLost = true
        copy = nil
        transaction = nil
        return .lost
    }
}
