import Postgres
import Testing

@Suite struct RemedyTests {
    static let table: [(String?, Remedy)] = [
        (nil, .retry), ("08000", .retry), ("08006", .retry), ("40001", .retry), ("40P01", .retry),
        ("57P01", .retry), ("57P02", .retry), ("57P03", .retry), ("57P05", .retry),
        ("55P03", .retry),
        ("53000", .retry), ("53100", .retry), ("53200", .retry), ("53300", .retry),
        ("22001", .rejectRows), ("22003", .rejectRows), ("22021", .rejectRows),
        ("22P02", .rejectRows),
        ("22P05", .rejectRows), ("23502", .rejectRows), ("23503", .rejectRows),
        ("23505", .rejectRows),
        ("23514", .rejectRows), ("22P03", .reloadCatalog), ("22P04", .reloadCatalog),
        ("08P01", .reloadCatalog), ("53400", .hold), ("42P01", .hold), ("42501", .hold),
        ("42703", .hold), ("28P01", .hold), ("28000", .hold), ("3D000", .hold), ("3F000", .hold),
        ("25006", .hold), ("25P02", .hold), ("57014", .hold), ("55000", .hold), ("0A000", .hold),
        ("XX000", .hold), ("P0001", .hold), ("58030", .hold), ("2200", .rejectRows), ("", .hold),
        ("54000", .rejectRows), ("21000", .rejectRows), ("2200H", .hold),
    ]

    @Test(arguments: table)
    func `the SQLSTATE decides`(_ sqlState: String?, _ remedy: Remedy) {
        #expect(Remedy(sqlState: sqlState) == remedy)
    }
}

@Suite struct PostgresErrorTests {
    private func error(_ context: String) -> PostgresError {
        PostgresError(sqlState: "22003", message: "m", context: context)
    }

    @Test func `the row and the column of a COPY are read from the context`() {
        #expect(error("COPY t, line 5, column c").copyLine == 5)
        #expect(error("COPY t, line 5, column c").copyColumn == "c")
        #expect(error("COPY t, line 5").copyLine == 5)
        #expect(error("COPY t, line 5").copyColumn == nil)
        #expect(error("COPY t, line 12: \"1,2\"").copyLine == 12)
        #expect(error("COPY größe, Zeile 7, Spalte Wert").copyLine == 7)
        #expect(error("PL/pgSQL function f() line 3 at RAISE\nCOPY t, line 5").copyLine == 5)
        #expect(error("COPY a, b, line 5").copyLine == 5)
    }

    @Test func `a place that could be read in two ways is not read at all`() {
        #expect(error("COPY a, line 3, line 5").copyLine == nil)
        #expect(error("COPY t, line 5, column x, line 7").copyLine == nil)
        #expect(error("COPY t").copyLine == nil)
        #expect(error("PL/pgSQL function f() line 3 at RAISE").copyLine == nil)
        #expect(PostgresError(sqlState: "22003", message: "m").copyLine == nil)
    }

    @Test func `a description is one line and names the place`() {
        let error = error("COPY t, line 5, column c")
        #expect(error.description == "m (SQLSTATE 22003; COPY t, line 5, column c)")
    }
}
