import LineProtocol
import Testing

@testable import Ingest
@testable import Postgres

/// Rows that are written as a plan says are those that are written value by value.
@Suite struct FixedPlanTests {
    /// What columns get, as `CompiledLayout` says it, and their types.
    private struct Columns: ~Copyable {
        let sources: UnsafeMutableBufferPointer<Int16>
        let types: UnsafeMutableBufferPointer<WireType>
        let fixedTypes: UnsafeMutableBufferPointer<FixedType>

        init(_ columns: [(source: Int16, type: FixedType)]) {
            sources = .allocate(capacity: columns.count)
            types = .allocate(capacity: columns.count)
            fixedTypes = .allocate(capacity: columns.count)
            for (index, column) in columns.enumerated() {
                sources.initializeElement(at: index, to: column.source)
                fixedTypes.initializeElement(at: index, to: column.type)
                let type: WireType =
                    switch column.type {
                    case .bigint: .bigint
                    case .doublePrecision: .doublePrecision
                    case .timestamptz: .timestamptz
                    }
                types.initializeElement(at: index, to: type)
            }
        }

        deinit {
            sources.deallocate()
            types.deallocate()
            fixedTypes.deallocate()
        }

        var layout: CompiledLayout {
            var layout = CompiledLayout(verdict: .row)
            layout.sources = UnsafePointer(sources.baseAddress)
            layout.types = UnsafePointer(types.baseAddress)
            layout.fixedTypes = UnsafePointer(fixedTypes.baseAddress)
            layout.columnCount = sources.count
            return layout
        }
    }

    /// The items are t, u, f, g and i.
    private static func columns() -> Columns {
        Columns([
            (CompiledLayout.time, .timestamptz), (3, .doublePrecision),
            (CompiledLayout.null, .bigint),
            (0, .bigint), (4, .bigint), (2, .doublePrecision), (CompiledLayout.null, .timestamptz),
        ])
    }

    /// Decodes lines of one layout, and gives those that the decoder has predicted to `body`.
    private func forEachLine(
        _ lines: [String], _ body: (UnsafePointer<DecodedLine>, UnsafePointer<Item>) -> Void
    ) {
        var batch = DecodedBatch(lineCapacity: 100, lineBytesMax: 1_000)
        var decoder = Decoder(lineBytesMax: 1_000)
        // The first ones make the layout known.
        let text = "m,t=1,u=a f=1,g=1,i=1i 1700000005\n".appending(lines.joined(separator: "\n"))
        Array(text.utf8).withUnsafeBytes { bytes in
            #expect(decoder.decode(bytes, precision: .seconds, into: &batch) == bytes.count)
            for index in 1..<batch.lineCount {
                let line = batch.place(ofLine: index)
                #expect(line.pointee.layoutNumber != 0, "\(lines[index - 1])")
                body(line, batch.items(of: line.pointee).baseAddress!)
            }
        }
    }

    private func bytes(_ rows: borrowing CopyRows) -> [UInt8] {
        rows.withBytes(ofRows: 0..<rows.rowCount) { Array($0) }
    }

    @Test func `a plan's rows are those of the values one by one`() {
        let columns = Self.columns()
        let layout = columns.layout
        var plan = FixedPlan()
        var planned = CopyRows(byteLimit: 10_000, rowLimit: 100)
        var plain = CopyRows(byteLimit: 10_000, rowLimit: 100)
        let lines = [
            "m,t=1,u=a f=1.5,g=-2.25,i=7i 1700000006", "m,t=-3,u=b f=0,g=-0.0,i=-7i 1700000007",
            "m,t=0012,u=c f=12345678.9,g=.5,i=999999999999999999i 1700000008",
            "m,t=123456789012345678,u=d f=1,g=2,i=0i 1700000009",
        ]
        var fixed: FixedRows?
        var count = 0
        forEachLine(lines) { line, items in
            if fixed == nil {
                plan.make(line.pointee.layoutNumber, layout, at: 3, items)
                #expect(plan.layout == 3 && plan.columnCount == 7)
                fixed = planned.beginFixedRows(columnCount: plan.columnCount, rowsMax: lines.count)
                #expect(fixed!.rowsLeft == lines.count)
            }
            // Some times lose digits.
            let time = line.pointee.timestamp + Int64(count % 2)
            fixed!.beginRow()
            let isCut = plan.append(
                items, of: line.pointee.raw, time: time, to: &fixed!)
            fixed!.keepRow()
            guard
                case .row(let plainIsCut) = RowEncoder.encode(
                    items, time: time, layout: layout, into: &plain)
            else {
                Issue.record("\(lines[count]) gives no row")
                return
            }
            #expect(isCut == plainIsCut && isCut == (count % 2 == 1))
            count += 1
        }
        planned.endFixedRows(fixed!)
        #expect(count == lines.count && planned.rowCount == count)
        #expect(bytes(planned) == bytes(plain))
    }

    @Test(arguments: ["x", "1.5", "9223372036854775808", "1-", "é"])
    func `a tag that is no such number needs a closer look, and leaves nothing`(tag: String) {
        let columns = Self.columns()
        var plan = FixedPlan()
        var rows = CopyRows(byteLimit: 10_000, rowLimit: 100)
        let good = "m,t=5,u=a f=1,g=2,i=3i 1700000006"
        let line = "m,t=\(tag),u=a f=1,g=2,i=3i 1700000006"
        var outcomes: [Bool] = []
        forEachLine([good, line, good]) { line, items in
            plan.make(line.pointee.layoutNumber, columns.layout, at: 0, items)
            let before = bytes(rows)
            var fixed = rows.beginFixedRows(columnCount: plan.columnCount, rowsMax: 1)
            fixed.beginRow()
            let isRow =
                plan.append(
                    items, of: line.pointee.raw, time: 0, to: &fixed) != nil
            if isRow { fixed.keepRow() }
            rows.endFixedRows(fixed)
            outcomes.append(isRow)
            if !isRow { #expect(bytes(rows) == before) }
        }
        #expect(outcomes == [true, false, true])
        // The third row stands right behind the first, and is the same.
        let both = bytes(rows)
        #expect(rows.rowCount == 2 && both.prefix(both.count / 2) == both.suffix(both.count / 2))
    }

    @Test func `other types, kinds and verdicts have no plan`() {
        forEachLine(["m,t=1,u=a f=1.5,g=-2.25,i=7i 1700000006"]) { line, items in
            var plan = FixedPlan()
            let number = line.pointee.layoutNumber
            for (source, type): (Int16, FixedType) in [
                (0, .doublePrecision), (2, .bigint), (4, .doublePrecision), (4, .timestamptz),
                (CompiledLayout.time, .bigint),
            ] {
                let columns = Columns([(2, .doublePrecision), (source, type)])
                plan.make(number, columns.layout, at: 0, items)
                #expect(plan.layoutNumber == number && plan.columnCount == 0, "\(source) \(type)")
            }
            let columns = Columns([(2, .doublePrecision)])
            var layout = columns.layout
            plan.make(number, layout, at: 0, items)
            #expect(plan.columnCount == 1)
            layout.verdict = .hold
            plan.make(number, layout, at: 0, items)
            #expect(plan.columnCount == 0)
            layout.verdict = .row
            layout.fixedTypes = nil
            plan.make(number, layout, at: 0, items)
            #expect(plan.columnCount == 0)
            let wide = Columns(Array(repeating: (2, .doublePrecision), count: 129))
            plan.make(number, wide.layout, at: 0, items)
            #expect(plan.columnCount == 0)
        }
    }

    @Test(arguments: [
        (1, 0), (25, 0), (26, 1), (27, 1), (51, 1), (52, 2), (78, 3), (500, 3),
    ])
    func `there are as many rows as certainly fit`(_ byteLimit: Int, _ count: Int) {
        // Two columns take 26 bytes at most.
        var rows = CopyRows(byteLimit: byteLimit, rowLimit: 3)
        var fixed = rows.beginFixedRows(columnCount: 2, rowsMax: 10)
        #expect(fixed.rowsLeft == count)
        while fixed.rowsLeft > 0 {
            fixed.beginRow()
            fixed.append(bits: 1)
            fixed.append(2.5)
            fixed.keepRow()
        }
        rows.endFixedRows(fixed)
        #expect(rows.rowCount == count && rows.byteCount == 26 * count)
        #expect(rows.beginFixedRows(columnCount: 2, rowsMax: 10).rowsLeft == 0)
    }
}
