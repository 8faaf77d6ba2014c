import Postgres
import Testing

@Suite struct CopyRowsTests {
    @Test func `rows have the form of binary COPY`() {
        var rows = CopyRows(byteLimit: 1000, rowLimit: 10)
        rows.beginRow(columnCount: 3)
        rows.append(Int16(-2))
        rows.appendNull()
        rows.append(true)
        let isKept = rows.endRow()
        let bytes = rows.withBytes(ofRows: 0..<1) { Array($0) }
        #expect(isKept)
        #expect(
            bytes == [0, 3, 0, 0, 0, 2, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1, 1])
        #expect(CopyFormat.header.count == 19)
        #expect(CopyFormat.trailer == [0xFF, 0xFF])
    }

    @Test func `a row that does not fit is taken back, and the rows before it stay`() {
        var rows = CopyRows(byteLimit: 30, rowLimit: 10)
        #expect(Self.add(7, to: &rows))
        #expect(Self.add(8, to: &rows))
        #expect(rows.byteCount == 28)
        #expect(!Self.add(9, to: &rows))
        #expect(rows.rowCount == 2)
        #expect(rows.remaining == 2)
        rows.removeAll()
        let isEmpty = rows.isEmpty
        #expect(isEmpty)
        #expect(Self.add(9, to: &rows))
    }

    @Test func `a value after one that did not fit is not written, however small`() {
        var rows = CopyRows(byteLimit: 30, rowLimit: 10)
        rows.beginRow(columnCount: 2)
        let long = [UInt8](repeating: 0x61, count: 100)
        #expect(throws: Never.self) { try rows.appendText(long.span) }
        rows.appendNull()
        let isKept = rows.endRow()
        #expect(!isKept)
        let (isEmpty, remaining) = (rows.isEmpty, rows.remaining)
        #expect(isEmpty && remaining == 30)
    }

    @Test func `the row limit holds`() {
        var rows = CopyRows(byteLimit: 1000, rowLimit: 2)
        #expect(Self.add(1, to: &rows))
        #expect(Self.add(2, to: &rows))
        #expect(!Self.add(3, to: &rows))
        #expect(rows.rowCount == 2)
    }

    @Test func `a slab is nearly full when a 16th of its bytes or of its rows is not free`() {
        // 14 bytes each.
        var rows = CopyRows(byteLimit: 14 * 32, rowLimit: 100)
        for number in 1...31 as ClosedRange<Int64> {
            #expect(Self.add(number, to: &rows))
            let isNearlyFull = rows.isNearlyFull
            #expect(isNearlyFull == (number > 30))
        }
        rows.removeAll()
        let isEmptyNearlyFull = rows.isNearlyFull
        #expect(!isEmptyNearlyFull)

        var few = CopyRows(byteLimit: 10_000, rowLimit: 32)
        for number in 1...31 as ClosedRange<Int64> {
            #expect(Self.add(number, to: &few))
            let isNearlyFull = few.isNearlyFull
            #expect(isNearlyFull == (number > 30))
        }
    }

    @Test func `released bytes make room, and the rows count on`() {
        // Two rows fit.
        var rows = CopyRows(byteLimit: 30, rowLimit: 5)
        for value in 1...4 as ClosedRange<Int64> {
            if value % 2 == 1 { rows.releaseBytes() }
            #expect(Self.add(value, to: &rows))
        }
        #expect(!Self.add(5, to: &rows))
        #expect(rows.rowCount == 4)
        #expect(rows.byteCount == 28)
        #expect(rows.byteCount(ofRows: 2..<4) == 28)
        let bytes = rows.withBytes(ofRows: 2..<4) { Array($0) }
        let row: [UInt8] = [0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]
        #expect(bytes == row + [3] + row + [4])
        rows.releaseBytes()
        #expect(Self.add(5, to: &rows))
        // The rows' limit holds.
        #expect(!Self.add(6, to: &rows))
        rows.removeAll()
        #expect(Self.add(7, to: &rows))
        let first = rows.withBytes(ofRows: 0..<1) { Array($0) }
        #expect(first == row + [7])
    }

    @Test func `the bytes of rows behind released ones lie in fixed rows as well`() {
        var rows = CopyRows(byteLimit: 30, rowLimit: 5)
        #expect(Self.add(1, to: &rows))
        rows.releaseBytes()
        var fixed = rows.beginFixedRows(columnCount: 1, rowsMax: 2)
        for value in 2...3 as ClosedRange<Int64> {
            fixed.beginRow()
            fixed.append(value)
            fixed.keepRow()
        }
        rows.endFixedRows(fixed)
        #expect(rows.rowCount == 3)
        let bytes = rows.withBytes(ofRows: 1..<3) { Array($0) }
        #expect(bytes.count == 28 && bytes[13] == 2 && bytes[27] == 3)
    }

    @Test func `a row rolled back leaves nothing`() {
        var rows = CopyRows(byteLimit: 1000, rowLimit: 10)
        #expect(Self.add(1, to: &rows))
        rows.beginRow(columnCount: 5)
        rows.append(1.5)
        rows.append(Float(1.5))
        rows.rollBackRow()
        #expect(Self.add(2, to: &rows))
        let bytes = rows.withBytes(ofRows: 1..<2) { Array($0) }
        #expect(bytes == [0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2])
    }

    @Test func `every value is cut off at every size of the slab without a trace`() throws {
        let whole = Self.allTypes(byteLimit: 1000)
        #expect(whole.isKept)
        for byteLimit in 1..<whole.byteCount {
            #expect(!Self.allTypes(byteLimit: byteLimit).isKept)
        }
        #expect(Self.allTypes(byteLimit: whole.byteCount).isKept)
    }

    @Test func `rows can be brought into another order`() {
        var rows = CopyRows(byteLimit: 1000, rowLimit: 3)
        for value in 1...3 { _ = Self.add(Int64(value), to: &rows) }
        var sorted = CopyRows(byteLimit: 28, rowLimit: 3)
        let areKept = [2, 0, 1].map { sorted.append(row: $0, of: rows) }
        #expect(areKept == [true, true, false])
        let bytes = sorted.withBytes(ofRows: 0..<2) { Array($0) }
        #expect(bytes[13] == 3 && bytes[27] == 1)
    }

    static func add(_ value: Int64, to rows: inout CopyRows) -> Bool {
        rows.beginRow(columnCount: 1)
        rows.append(value)
        return rows.endRow()
    }

    /// One row with a value of each kind.
    private static func allTypes(byteLimit: Int) -> (isKept: Bool, byteCount: Int) {
        var rows = CopyRows(byteLimit: byteLimit, rowLimit: 1)
        rows.beginRow(columnCount: 13)
        rows.append(true)
        rows.append(Int16(1))
        rows.append(Int32(1))
        rows.append(Int64(1))
        rows.append(Float(1))
        rows.append(Double(1))
        rows.append(Microseconds(sinceEpoch: 1))
        rows.append(Days(sinceEpoch: 1))
        rows.append(UUIDBytes(high: 1, low: 2))
        rows.appendNull()
        let number = bytes("12345.678")
        let text = bytes("text")
        try! rows.appendNumeric(number.span, shape: nil)
        try! rows.appendText(text.span)
        try! rows.appendJSON(number.span)
        return (rows.endRow(), rows.byteCount)
    }
}
