import Postgres
import Testing

/// A value of a made-up row.
enum Value: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByNilLiteral
{
    case bigint(Int64), double(Double), text(String), null
    /// Hours, or milliseconds, after the first of January 2026.
    case hour(Int64), millisecond(Int64)

    init(integerLiteral value: Int64) { self = .bigint(value) }
    init(floatLiteral value: Double) { self = .double(value) }
    init(stringLiteral value: String) { self = .text(value) }
    init(nilLiteral: ()) { self = .null }

    func append(to rows: inout CopyRows) throws {
        switch self {
        case .bigint(let value): rows.append(value)
        case .double(let value): rows.append(value)
        case .text(let value):
            let text = bytes(value)
            try rows.appendText(text.span)
        case .hour(let value): try Self.millisecond(value * 3_600_000).append(to: &rows)
        case .millisecond(let value):
            rows.append(Microseconds(sinceEpoch: 820_540_800_000_000 + value * 1_000))
        case .null: rows.appendNull()
        }
    }
}

/// A table of the tests' own and a connection to it.
struct Stage: ~Copyable {
    var connection: Connection
    let table: Table

    init(_ sql: String, table: String = "t", timescale: Bool = false) throws {
        var connection = try freshConnection()
        if timescale { try connection.execute("create extension timescaledb") }
        try connection.execute(sql)
        try self.init(connection, table: table)
    }

    init(_ connection: consuming Connection, table: String = "t") throws {
        var connection = connection
        self.table = try #require(try Catalog(&connection).table(named: table))
        self.connection = connection
    }

    /// Brings rows in through a temporary table, as one transaction.
    mutating func merge(
        _ columns: [String], _ policy: Staging.Policy, _ values: [Value]...
    ) throws -> Staging.Merge {
        try mergeAll(columns, policy, values)
    }

    mutating func mergeAll(
        _ columns: [String], _ policy: Staging.Policy, _ values: [[Value]]
    ) throws -> Staging.Merge {
        let staging = try #require(Staging(into: table, columns: columns, policy))
        try connection.execute("BEGIN; " + staging.create)
        do {
            let merge = try chunk(staging, values)
            try connection.execute("COMMIT")
            return merge
        } catch {
            try connection.execute("ROLLBACK")
            throw error
        }
    }

    /// One chunk within the open transaction.
    mutating func chunk(_ staging: Staging, _ values: [[Value]]) throws -> Staging.Merge {
        var rows = CopyRows(byteLimit: 8 << 20, rowLimit: max(values.count, 1))
        for row in values {
            rows.beginRow(columnCount: row.count)
            for value in row { try value.append(to: &rows) }
            let isKept = rows.endRow()
            #expect(isKept)
        }
        let count = try connection.copy(rows, 0..<rows.rowCount, staging.copy)
        #expect(count == values.count)
        return try staging.merge(count, on: &connection)
    }

    /// What a query gives: a line for each row, with blanks between the values.
    mutating func read(_ sql: String) throws -> [String] {
        try connection.query(sql).map { $0.map { $0 ?? "-" }.joined(separator: " ") }
    }
}

extension Staging.Merge {
    /// In the order of the properties.
    var counts: [Int] { [inserted, duplicates, suppressed] }
}
