import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@Suite struct ConnectionTests {
    @Test func `a query gives rows of text, and NULL is nil`() throws {
        var connection = try freshConnection()
        let rows = try connection.query(
            "select $1::int + 1, $2::text, null, 'ä'", ["41", nil])
        #expect(rows == [["42", nil, nil, "ä"]])
        let none = try connection.query("select 1 where false")
        #expect(none.isEmpty)
    }

    @Test func `execute counts the rows of the last statement`() throws {
        var connection = try freshConnection()
        let count = try connection.execute(
            "create table t (a int); insert into t values (1), (2); delete from t where a > 0")
        #expect(count == 2)
        #expect(try connection.execute("") == 0)
    }

    @Test func `the transaction's status is followed`() throws {
        var connection = try freshConnection()
        var seen = [connection.transactionStatus]
        try connection.execute("begin")
        seen.append(connection.transactionStatus)
        #expect(throws: PostgresError.self) { try connection.execute("select 1/0") }
        seen.append(connection.transactionStatus)
        try connection.execute("rollback")
        try connection.execute("create table t (a int)")
        try connection.beginCopy("copy t from stdin (format binary)")
        seen.append(connection.transactionStatus)
        connection.abandonCopy("test")
        seen.append(connection.transactionStatus)
        #expect(seen == [.idle, .inTransaction, .failed, .active, .idle])
    }

    @Test func `the session says who we are and speaks UTF-8`() throws {
        var connection = try freshConnection()
        let rows = try connection.query(
            "select current_setting('application_name'), current_setting('client_encoding')")
        #expect(rows == [["sluice", "UTF8"]])
        #expect(connection.parameter("server_encoding") == "UTF8")
        let socket = connection.socket
        let version = connection.serverVersion
        #expect(socket >= 0 && version >= 150_000)
        var named = try Connection(conninfo: freshDatabase() + " application_name=other")
        #expect(try named.query("show application_name") == [["other"]])
    }

    @Test func `the buffer to a server on the same machine is as large as the kernel allows`()
        throws
    {
        let connection = try freshConnection()
        var bytes: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        #expect(getsockopt(connection.socket, SOL_SOCKET, SO_SNDBUF, &bytes, &size) == 0)
        let text = try String(contentsOfFile: "/proc/sys/net/core/wmem_max", encoding: .utf8)
        let allowed = try #require(Int32(text.dropLast()))
        #expect(bytes >= 2 * min(Limits.sendBufferBytes, allowed))
    }

    @Test func `notices come to the one who asked`() throws {
        var notices: [PostgresError] = []
        var connection = try Connection(conninfo: freshDatabase()) { notices.append($0) }
        try connection.execute(
            "do $$ begin raise warning 'low oxygen' using hint = 'aerate'; end $$")
        #expect(notices.map(\.message) == ["low oxygen"])
        #expect(notices.map(\.severity) == ["WARNING"])
        #expect(notices.map(\.hint) == ["aerate"])
    }

    @Test func `an error has all that the server told`() throws {
        var connection = try freshConnection()
        try connection.execute(
            "create schema s; create table s.t (a int constraint small check (a < 5))")
        let error = try #require(throws: PostgresError.self) {
            try connection.execute("insert into s.t values (7)")
        }
        #expect(error.origin == .server && error.sqlState == "23514" && error.severity == "ERROR")
        #expect(error.schema == "s" && error.table == "t" && error.constraint == "small")
        #expect(error.detail?.contains("7") == true)
        #expect(!error.description.contains("(7)"))
        #expect(error.explanation.contains("(7)"))
        let isBroken = connection.isBroken
        #expect(!isBroken)
    }

    @Test func `an error in a COPY names row and column`() throws {
        var connection = try freshConnection()
        try connection.execute(
            "create table t (a bigint, b numeric(4,2)); create table checked (a bigint check (a <> 3))"
        )
        var rows = CopyRows(byteLimit: 1000, rowLimit: 9)
        for index in 1...4 {
            let text = bytes(index == 3 ? "123" : "1.5")
            rows.beginRow(columnCount: 2)
            rows.append(Int64(index))
            try rows.appendNumeric(text.span, shape: nil)
            _ = rows.endRow()
        }
        let range = try #require(throws: PostgresError.self) {
            try connection.copy(rows, 0..<4, "copy t from stdin (format binary)")
        }
        #expect(range.sqlState == "22003" && range.copyLine == 3 && range.copyColumn == "b")
        var integers = CopyRows(byteLimit: 1000, rowLimit: 9)
        for value in 1...4 { _ = CopyRowsTests.add(Int64(value), to: &integers) }
        let check = try #require(throws: PostgresError.self) {
            try connection.copy(integers, 1..<4, "copy checked from stdin (format binary)")
        }
        #expect(check.sqlState == "23514" && check.copyLine == 2)
        #expect(
            try connection.copy(integers, 3..<4, "copy checked from stdin (format binary)") == 1)
        #expect(connection.transactionStatus == .idle)
    }

    @Test(arguments: [
        "integer", "smallint", "numeric", "text", "timestamptz", "uuid", "boolean", "bigint, b int",
    ])
    func `a column whose type has changed asks for a new look at the catalog`(_ type: String) throws
    {
        var connection = try freshConnection()
        try connection.execute("create table t (a \(type))")
        var rows = CopyRows(byteLimit: 1000, rowLimit: 9)
        // Eight bytes mean a timestamp too, so that one is told by four; text takes nearly all.
        rows.beginRow(columnCount: 1)
        if type == "timestamptz" { rows.append(Int32(1)) } else { rows.append(Int64(0x8000_0000)) }
        _ = rows.endRow()
        let error = try #require(throws: PostgresError.self) {
            try connection.copy(rows, 0..<1, "copy t from stdin (format binary)")
        }
        let remedy = Remedy(error)
        #expect(remedy == (type == "text" ? .rejectRows : .reloadCatalog), "\(error)")
    }

    @Test func `an abandoned COPY leaves nothing, and the connection goes on`() throws {
        var connection = try freshConnection()
        try connection.execute("create table t (a bigint)")
        var rows = CopyRows(byteLimit: 1000, rowLimit: 9)
        _ = CopyRowsTests.add(1, to: &rows)
        try connection.beginCopy("copy t from stdin (format binary)")
        try connection.putCopyHeader()
        try connection.putRows(rows, 0..<1)
        connection.abandonCopy("changed our mind")
        #expect(try connection.query("select count(*) from t") == [["0"]])
    }

    @Test func `a COPY that cannot begin says so at once`() throws {
        var connection = try freshConnection()
        let error = try #require(throws: PostgresError.self) {
            try connection.beginCopy("copy missing from stdin (format binary)")
        }
        #expect(error.sqlState == "42P01")
        #expect(connection.transactionStatus == .idle)
    }

    @Test func `a COPY larger than every buffer arrives whole`() throws {
        var connection = try freshConnection()
        try connection.execute("create table t (a bigint)")
        let count = 200_000
        var rows = CopyRows(byteLimit: count * 14, rowLimit: count)
        for value in 0..<count { _ = CopyRowsTests.add(Int64(value), to: &rows) }
        #expect(try connection.copy(rows, 0..<count, "copy t from stdin (format binary)") == count)
        let sum = try connection.query("select count(distinct a), sum(a) from t")
        #expect(sum == [["200000", "19999900000"]])
    }
}
