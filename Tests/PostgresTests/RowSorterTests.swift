import Postgres
import Testing

/// Rows in the order of an index, compared with the standard library's sort.
@Suite struct RowSorterTests {
    private struct Row {
        var time: Int64?
        var sensor: Int32?
        var value: Double?
        var name: String
    }

    private func rows(_ count: Int, _ random: inout some RandomNumberGenerator) -> [Row] {
        (0..<count).map { index in
            Row(
                time: Int.random(in: 0..<20, using: &random) == 0
                    ? nil : Int64.random(in: -1_000...1_000, using: &random) << 20,
                sensor: Int.random(in: 0..<20, using: &random) == 0
                    ? nil : Int32.random(in: -5...300, using: &random),
                value: index % 7 == 0 ? nil : Double.random(in: -9...9, using: &random),
                name: String(repeating: "abcz".randomElement(using: &random)!, count: index % 9))
        }
    }

    private func encode(_ rows: [Row]) -> CopyRows {
        var slab = CopyRows(byteLimit: 200 * max(rows.count, 1), rowLimit: max(rows.count, 1))
        for row in rows {
            slab.beginRow(columnCount: 4)
            if let time = row.time {
                slab.append(Microseconds(sinceEpoch: time))
            } else {
                slab.appendNull()
            }
            if let sensor = row.sensor { slab.append(sensor) } else { slab.appendNull() }
            if let value = row.value { slab.append(value) } else { slab.appendNull() }
            try? slab.appendText(Array(row.name.utf8).span)
            _ = slab.endRow()
        }
        return slab
    }

    /// Numbers of all rows, as the sorter has them.
    private func sorted(
        _ slab: borrowing CopyRows, by columns: [SortColumn], rows: [Int]
    ) -> [Int] {
        var sorter = RowSorter(rowLimit: max(slab.rowCount, 1))
        let count = sorter.sort(slab, by: columns) { row in
            let place = row < 0 ? 0 : rows.firstIndex(of: row)! + 1
            return place < rows.count ? rows[place] : -1
        }
        return (0..<count).map { sorter.row(at: $0) }
    }

    /// NULL is more than everything else, as in an index.
    private func isLess<Value: Comparable>(_ left: Value?, _ right: Value?) -> Bool {
        guard let left else { return false }
        guard let right else { return true }
        return left < right
    }

    private func isBefore(_ left: Row, _ right: Row, _ column: SortColumn) -> Bool {
        let (left, right) = column.isDescending ? (right, left) : (left, right)
        switch column.position {
        case 0: return isLess(left.time, right.time)
        case 1: return isLess(left.sensor, right.sensor)
        case 2: return isLess(left.value, right.value)
        default: return left.name < right.name
        }
    }

    private static let kinds: [SortColumn.Kind] = [.integer, .integer, .float, .bytes]

    @Test(arguments: [0, 1, 2, 17, 300])
    func `any two columns in any direction order rows like a stable sort`(count: Int) {
        var random = SystemRandomNumberGenerator()
        let all = rows(count, &random)
        let slab = encode(all)
        for first in 0..<4 {
            for second in 0..<4 {
                for directions in 0..<4 {
                    let columns = [
                        SortColumn(
                            position: first, kind: Self.kinds[first],
                            isDescending: directions & 1 == 1),
                        SortColumn(
                            position: second, kind: Self.kinds[second],
                            isDescending: directions & 2 == 2),
                    ]
                    let found = sorted(slab, by: columns, rows: Array(0..<count))
                    #expect(found.sorted() == Array(0..<count))
                    for (before, after) in zip(found, found.dropFirst()) {
                        let isWrong = columns.reduce(nil as Bool?) { verdict, column in
                            if let verdict { return verdict }
                            if isBefore(all[after], all[before], column) { return true }
                            if isBefore(all[before], all[after], column) { return false }
                            return nil
                        }
                        #expect(isWrong != true, "row \(after) comes before row \(before)")
                    }
                }
            }
        }
    }

    @Test func `some of the rows are sorted, and those that are equal keep their order`() {
        var all = [Row](repeating: Row(time: 5, sensor: 1, value: 0, name: ""), count: 9)
        all[6].sensor = 0
        let slab = encode(all)
        let bySensor = [SortColumn(position: 1, kind: .integer, isDescending: false)]
        #expect(sorted(slab, by: bySensor, rows: [1, 2, 4, 6, 8]) == [6, 1, 2, 4, 8])
        #expect(sorted(slab, by: [], rows: [3, 5]) == [3, 5])
    }

    @Test(arguments: [true, false])
    func `long texts and numerics that are equal come together`(isNumeric: Bool) {
        let count = 600
        let kinds = 40
        var slab = CopyRows(byteLimit: 100 * count, rowLimit: count)
        for index in 0..<count {
            let text = isNumeric ? "\(index * 7 % kinds)" : "sensor in tank \(index * 7 % kinds)"
            slab.beginRow(columnCount: 1)
            if isNumeric {
                try? slab.appendNumeric(Array(text.utf8).span, shape: nil)
            } else {
                try? slab.appendText(Array(text.utf8).span)
            }
            _ = slab.endRow()
        }
        let column = SortColumn(position: 0, kind: .bytes, isDescending: false)
        let found = sorted(slab, by: [column], rows: Array(0..<count)).map { $0 * 7 % kinds }
        let changes = zip(found, found.dropFirst()).count { $0 != $1 }
        #expect(changes == kinds - 1)
    }

    @Test func `rows in the order of time are turned round for an index that has the newest first`()
    {
        let all = (0..<50).map { Row(time: Int64($0), sensor: 7, value: nil, name: "x") }
        let columns = [
            SortColumn(position: 1, kind: .integer, isDescending: false),
            SortColumn(position: 0, kind: .integer, isDescending: true),
        ]
        #expect(sorted(encode(all), by: columns, rows: Array(0..<50)) == (0..<50).reversed())
    }
}
