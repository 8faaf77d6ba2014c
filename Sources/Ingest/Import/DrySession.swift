import Postgres
import Threads

/// A session that reads from the database and writes nothing: it counts the rows of each COPY.
struct DrySession: DatabaseSession, ~Copyable {
    private var connection: Connection
    private let tally: DryTally
    private var copy: (table: String, counter: CopyCounter)?

    init(_ connection: consuming Connection, tally: DryTally) {
        self.connection = connection
        self.tally = tally
    }

    var isBroken: Bool { connection.isBroken }
    var role: String { connection.role }
    var redacted: String { connection.redacted }
    var serverProcess: Int32 { connection.serverProcess }
    var serverVersion: Int { connection.serverVersion }
    var sever: @Sendable () -> Void { connection.sever }

    mutating func checkIdle() throws(PostgresError) { try connection.checkIdle() }

    mutating func catalog() throws(PostgresError) -> Catalog { try connection.catalog() }

    /// A transaction cannot write, whatever is asked for in it.
    mutating func execute(_ sql: String) throws(PostgresError) -> Int {
        switch sql {
        case _ where sql.hasPrefix("BEGIN"): try connection.execute("BEGIN READ ONLY")
        case "COMMIT": try connection.execute("ROLLBACK")
        default: try connection.execute(sql)
        }
    }

    mutating func query(
        _ sql: String, _ parameters: [String?]
    ) throws(PostgresError) -> [[String?]] {
        try connection.query(sql, parameters)
    }

    mutating func beginCopy(_ sql: String) throws(PostgresError) {
        // `COPY table (columns) FROM …`, by CopyShape.
        let table = sql.dropFirst("COPY ".count).prefix { $0 != "(" }
        copy = (String(table.reversed().drop { $0 == " " }.reversed()), CopyCounter())
    }

    mutating func putCopyData(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        unsafe copy?.counter.add(bytes)
    }

    mutating func finishCopy() throws(PostgresError) -> Int {
        guard let done = copy else { return 0 }
        copy = nil
        tally.add(done.counter.rows, to: done.table)
        return done.counter.rows
    }

    mutating func abandonCopy(_ reason: String) { copy = nil }
}

/// How many rows each table would get.
package final class DryTally: Sendable {
    private let rows = Lock<[String: Int]>([:])

    package init() {}

    func add(_ count: Int, to table: String) {
        rows.withLock { $0[table, default: 0] += count }
    }

    /// By the tables' names in SQL, in their order.
    package var tables: [(table: String, rows: Int)] {
        rows.withLock { $0 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// Counts the rows of a binary COPY that comes in pieces: COPY in PostgreSQL's manual, "Binary
/// Format".
struct CopyCounter {
    private(set) var rows = 0
    /// Bytes that come before the next number.
    private var skip = CopyFormat.header.count
    /// Columns of the row that are still to come.
    private var columns = 0
    private var number: UInt32 = 0
    private var digits = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var place = 0
        while place < bytes.count {
            if skip > 0 {
                let step = min(skip, bytes.count - place)
                skip -= step
                place += step
                continue
            }
            unsafe number = number << 8 | UInt32(bytes[place])
            digits += 1
            place += 1
            if digits == (columns > 0 ? 4 : 2) { takeNumber() }
        }
    }

    private mutating func takeNumber() {
        if columns > 0 {
            columns -= 1
            skip = max(0, Int(Int32(bitPattern: number)))
        } else {
            let count = Int16(truncatingIfNeeded: number)
            columns = max(0, Int(count))
            if count >= 0 { rows += 1 }
        }
        (number, digits) = (0, 0)
    }
}
