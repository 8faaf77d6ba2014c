import LineProtocol
import Testing

@testable import Ingest
@testable import Postgres

/// Where rows came from, however they were encoded.
@Suite struct BatchRowsTests {
    private let context = FrameContext(
        source: 5, precision: .seconds, receivedAt: 17, window: .standard)

    private func layout(_ shape: Int) -> CompiledLayout {
        var layout = CompiledLayout(verdict: .row)
        layout.shape = shape
        layout.unmatchedCount = shape + 1
        return layout
    }

    /// Encodes rows of one shape in a run, and says how many found room.
    private func encodeRun(
        _ count: Int, _ shape: Int, _ line: ByteSlice, into rows: inout BatchRows
    ) -> Int {
        let origins = rows.beginOrigins()
        let firstRow = Int32(rows.count)
        var fixed = rows.slab.beginFixedRows(columnCount: 1, rowsMax: count)
        var done = 0
        while fixed.rowsLeft > 0 {
            fixed.beginRow()
            fixed.appendNull()
            fixed.keepRow()
            (origins + done).initialize(
                to: RowOrigin(
                    line, context, layout(shape), isCut: done == 0, next: firstRow + Int32(done) + 1
                ))
            done += 1
        }
        rows.slab.endFixedRows(fixed)
        rows.endOrigins(done, ofShape: shape)
        return done
    }

    private func encodeOne(_ shape: Int, _ line: ByteSlice, into rows: inout BatchRows) {
        rows.slab.beginRow(columnCount: 1)
        rows.slab.appendNull()
        let fits = rows.slab.endRow()
        #expect(fits)
        rows.noteOrigin(line, context, layout(shape), isCut: false)
    }

    @Test func `runs and single rows of several shapes are found in their order`() {
        let text = Array("m f=1".utf8)
        text.withUnsafeBufferPointer { bytes in
            let line = ByteSlice(base: bytes.baseAddress!, count: bytes.count)
            var rows = BatchRows(byteLimit: 1_000, rowLimit: 12)
            for _ in 0..<2 {
                var fitting = [encodeRun(3, 1, line, into: &rows)]
                encodeOne(0, line, into: &rows)
                encodeOne(1, line, into: &rows)
                fitting.append(encodeRun(2, 0, line, into: &rows))
                fitting.append(encodeRun(0, 2, line, into: &rows))
                fitting.append(encodeRun(1, 1, line, into: &rows))
                // No more than there is room for.
                fitting.append(encodeRun(9, 3, line, into: &rows))
                fitting.append(encodeRun(1, 3, line, into: &rows))
                #expect(fitting == [3, 2, 0, 1, 4, 0])
                #expect(rows.count == 12 && rows.shapes == [1, 0, 3])
                #expect(rows.rowNumbers(ofShape: 0) == [3, 5, 6])
                #expect(rows.rowNumbers(ofShape: 1) == [0, 1, 2, 4, 7])
                #expect(rows.rowNumbers(ofShape: 3) == [8, 9, 10, 11])
                for row in 0..<12 {
                    let origin = rows.origin(of: row)
                    #expect(origin.unmatchedCount == UInt16(origin.shape + 1))
                    #expect(origin.isCut == [0, 5, 7, 8].contains(row), "row \(row)")
                    #expect(origin.source == 5 && origin.receivedAt == 17)
                }
                rows.removeAll()
            }
        }
    }
}
