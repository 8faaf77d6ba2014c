import Postgres
import TestSupport
import Testing

@Suite struct ConnectionTests {
    @Test func `a query gives rows of text, and NULL is nil`() throws {
        var connection = try freshConnection()
        let rows = try connection.query(
            "select $1::int + 1, $2::text, null, 'ä'", ["41", nil])
        #expect(rows == [["42", nil, nil, "ä"]])
        #expect(connection.transactionStatus == .idle)
    }
}
