import Postgres

/// Puts rows of a timestamp and a bigint, which are in the order of time, into the order of an index on
/// (bigint, timestamp DESC).
final class SortWorkload: Workload {
    private static let rowCount = 50_000
    private static let sensorCount = 1_000
    private static let columns = [
        SortColumn(position: 1, kind: .integer, isDescending: false),
        SortColumn(position: 0, kind: .integer, isDescending: true),
    ]

    private let rows: CopyRows
    private var sorter = RowSorter(rowLimit: rowCount)
    private let expected: UInt64

    init() {
        var rows = CopyRows(byteLimit: Self.rowCount * (2 + 2 * 12), rowLimit: Self.rowCount)
        for index in 0..<Self.rowCount {
            rows.beginRow(columnCount: 2)
            rows.append(Microseconds(sinceEpoch: 750_000_000_000_000 + Int64(index) * 1_000))
            rows.append(Int64(index % Self.sensorCount))
            _ = rows.endRow()
        }
        self.rows = rows
        // No two rows are equal: another sort comes to the same.
        let order = (0..<Self.rowCount).sorted { left, right in
            let (sensor, other) = (left % Self.sensorCount, right % Self.sensorCount)
            return sensor == other ? left > right : sensor < other
        }
        expected = order.reduce(0) { $0 &* 31 &+ UInt64($1) }
    }

    var period: Int { Self.rowCount }

    func run(units: Int) -> UInt64 {
        inPeriods(units, of: period) { wanted in
            let count = sorter.sort(rows, by: Self.columns) { $0 + 1 < wanted ? $0 + 1 : -1 }
            precondition(count == wanted, "rows are missing")
            var sum: UInt64 = 0
            for place in 0..<count { sum = sum &* 31 &+ UInt64(sorter.row(at: place)) }
            precondition(count < period || sum == expected, "the order is wrong")
            return sum
        }
    }
}
