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

    /// What PostgreSQL makes of the texts when it reads them for the column itself: the value as
    /// text, or the SQLSTATE.
    mutating func literals(_ texts: [String]) throws -> [String] {
        try connection.execute(
            """
            create or replace function pg_temp.literal(call text, v text) returns text
            language plpgsql as $$
            declare result text;
            begin
                execute format(call, v) into result;
                return result;
            exception when others then
                return sqlstate;
            end $$
            """)
        let call = try connection.query(
            """
            select case when p.pronargs = 1 then format('select %s(%%L::cstring)::text', p.proname)
                else format('select %s(%%L::cstring, 0, %s)::text', p.proname, a.atttypmod) end
            from pg_attribute a join pg_type t on t.oid = a.atttypid
            join pg_proc p on p.oid = t.typinput
            where a.attrelid = 't'::regclass and a.attname = 'v'
            """)[0][0]
        let list = texts.map(quotedLiteral).joined(separator: ",")
        let rows = try connection.query(
            """
            select pg_temp.literal($1, v) from unnest(array[\(list)]::text[]) with ordinality as t (v, n)
            order by n
            """, [call])
        return rows.map { $0[0] ?? "null" }
    }
}
