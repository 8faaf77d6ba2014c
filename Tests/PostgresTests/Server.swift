import Postgres
import TestSupport
import Testing

/// A new database on the shared server, by its connection string.
func freshDatabase() throws -> String {
    let server = try PrivatePostgres.shared()
    return server.conninfo(database: try server.makeDatabase())
}

/// A connection to a new database.
func freshConnection() throws -> Connection {
    try Connection(conninfo: freshDatabase())
}

/// The bytes of a text, as the conversions take them.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// What became of texts on the way into a column.
struct Transport: ~Copyable {
    var connection: Connection
    let type: String

    init(to type: String) throws {
        var connection = try freshConnection()
        try connection.execute(
            "create table t (number int generated always as identity, v \(type))")
        self.connection = connection
        self.type = type
    }

    /// Encodes the texts, copies those that fit, and reads back what stands in the table, as text.
    /// A text that does not fit gives its misfit's name.
    mutating func stored(
        _ texts: [String], _ append: (inout CopyRows, Span<UInt8>) throws(Misfit) -> Void
    ) throws -> [String] {
        var rows = CopyRows(byteLimit: 8 << 20, rowLimit: max(1, texts.count))
        var results: [String?] = []
        for text in texts {
            let bytes = bytes(text)
            rows.beginRow(columnCount: 1)
            do throws(Misfit) {
                try append(&rows, bytes.span)
                let isKept = rows.endRow()
                #expect(isKept)
                results.append(nil)
            } catch {
                rows.rollBackRow()
                results.append("\(error)")
            }
        }
        try connection.execute("truncate t")
        let count = try connection.copy(
            rows, 0..<rows.rowCount, "copy t (v) from stdin (format binary)")
        let rowCount = rows.rowCount
        #expect(count == rowCount)
        var read = try connection.query("select v::text from t order by number").makeIterator()
        return results.map { $0 ?? read.next()?[0] ?? "missing" }
    }

    /// What PostgreSQL makes of the texts as literals: the value as text, or the SQLSTATE.
    mutating func literals(_ texts: [String]) throws -> [String] {
        try connection.execute(
            """
            create or replace function pg_temp.literal(v text) returns text language plpgsql as $$
            declare result \(type);
            begin
                result := v;
                return result::text;
            exception when others then
                return sqlstate;
            end $$
            """)
        var results: [String] = []
        for text in texts {
            let row = try connection.query("select pg_temp.literal($1)", [text])[0]
            results.append(row[0] ?? "null")
        }
        return results
    }
}
