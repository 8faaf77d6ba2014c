import Glibc
import Postgres
import TestSupport
import Testing

/// How fast rows are encoded and copied. With `SLUICE_BENCHMARK=1` in a release build the sizes are
/// real and the figures mean something; else it only shows that the benchmark still works.
@Suite(.serialized) struct CopyBenchmark {
    private static let isReal = getenv("SLUICE_BENCHMARK") != nil
    private static let rowCount = isReal ? 1_000_000 : 1000
    private static let columns =
        "at timestamptz, sensor bigint, a float8, b float8, c float8, d float8"

    private static func fill(_ rows: inout CopyRows, _ rowCount: Int) {
        for index in 0..<Int64(rowCount) {
            rows.beginRow(columnCount: 6)
            rows.append(Microseconds(sinceEpoch: 750_000_000_000_000 + index * 1000))
            rows.append(index % 1000)
            rows.append(12.5 + Double(index & 15))
            rows.append(8.25)
            rows.append(7.5)
            rows.append(33.125)
            _ = rows.endRow()
        }
    }

    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let elapsed = try ContinuousClock().measure(body)
        return Double(elapsed.components.attoseconds) / 1e18 + Double(elapsed.components.seconds)
    }

    /// Processor time of this thread: other programs may be running.
    private static func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        try body()
        return now() - start
    }

    @Test func `rows of six columns are encoded`() {
        // A slab that stays in the cache, as the pipeline's does.
        let slabRows = min(Self.rowCount, 10_000)
        var rows = CopyRows(byteLimit: slabRows * 74, rowLimit: slabRows)
        var best = Double.infinity
        for _ in 0..<max(1, 5 * Self.rowCount / slabRows) {
            rows.removeAll()
            best = min(best, Self.processorSeconds { Self.fill(&rows, slabRows) })
        }
        let rowCount = rows.rowCount
        #expect(rowCount == slabRows)
        print("encoding: \(best * 1e9 / Double(rowCount)) ns a row of six columns")
    }

    @Test func `decimal text is converted`() throws {
        let texts = ["12.3456", "-7.25", "1013.25", "0.0001", "33"].map { bytes($0) }
        var rows = CopyRows(byteLimit: Self.rowCount * 40, rowLimit: Self.rowCount)
        let shape = NumericShape(precision: 10, scale: 4)
        let numeric = try Self.processorSeconds {
            for index in 0..<Self.rowCount {
                rows.beginRow(columnCount: 1)
                let text = texts[index % 5]
                try rows.appendNumeric(text.span, shape: shape)
                _ = rows.endRow()
            }
        }
        var sum = 0.0
        let double = try Self.processorSeconds {
            for index in 0..<Self.rowCount {
                let text = texts[index % 5]
                sum += try Double(decimal: text.span)
            }
        }
        let rowCount = rows.rowCount
        #expect(rowCount == Self.rowCount && sum != 0)
        let scale = 1e9 / Double(Self.rowCount)
        print("decimal text: \(numeric * scale) ns to numeric, \(double * scale) ns to Double")
    }

    @Test func `a slab is copied, and psql copies the same file`() throws {
        let server = try PrivatePostgres.shared()
        let database = try server.makeDatabase()
        var connection = try Connection(conninfo: server.conninfo(database: database))
        try connection.execute("create unlogged table t (\(Self.columns))")
        var rows = CopyRows(byteLimit: Self.rowCount * 74, rowLimit: Self.rowCount)
        Self.fill(&rows, Self.rowCount)
        let statement = "copy t from stdin (format binary)"
        let file = server.folder + "/rows"
        var own: [Double] = []
        var psql: [Double] = []
        for round in 0..<(Self.isReal ? 5 : 1) {
            try connection.execute("truncate t")
            own.append(
                try Self.seconds {
                    let count = try connection.copy(rows, 0..<rows.rowCount, statement)
                    precondition(count == Self.rowCount)
                })
            if round == 0 {
                try server.psql("copy t to '\(file)' (format binary)", database: database)
            }
            try connection.execute("truncate t")
            psql.append(
                try Self.seconds {
                    try server.psql(
                        "\\copy t from '\(file)' (format binary)", database: database)
                })
        }
        func rate(_ seconds: [Double]) -> Int {
            Int(Double(Self.rowCount) / seconds.sorted()[seconds.count / 2])
        }
        print("copying: \(rate(own)) rows/s, psql \(rate(psql)) rows/s")
        #expect(try connection.query("select count(*) from t") == [["\(Self.rowCount)"]])
    }
}
