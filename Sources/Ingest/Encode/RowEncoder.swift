import LineProtocol
import Postgres

/// What became of a line on its way into the slab.
enum EncodeOutcome {
    /// A row; `isCut` says that its time lost digits that the column cannot hold.
    case row(isCut: Bool)
    /// The value for this column does not fit.
    case misfit(Misfit, column: Int)
    /// No room; the row was taken back.
    case full
}

/// Turns a line into a row of COPY; nothing of a line that does not fit stays.
enum RowEncoder {
    /// - Parameter time: nanoseconds since 1970, for the time column.
    @inline(__always)
    static func encode(
        _ items: UnsafePointer<Item>, time: Int64, layout: CompiledLayout,
        into rows: inout CopyRows
    ) -> EncodeOutcome {
        if let isCut = unsafe encodeFixed(items, time: time, layout: layout, into: &rows) {
            return .row(isCut: isCut)
        }
        return unsafe encodeAny(items, time: time, layout: layout, into: &rows)
    }

    /// Where all columns are of the types that readings mostly have, and the values as well.
    ///
    /// - Returns: whether the time lost digits; nil, with nothing changed, when the row is not of
    ///   that kind or something does not fit.
    @inline(__always)
    private static func encodeFixed(
        _ items: UnsafePointer<Item>, time: Int64, layout: CompiledLayout,
        into rows: inout CopyRows
    ) -> Bool? {
        guard let types = unsafe layout.fixedTypes, let sources = unsafe layout.sources,
            var row = rows.beginFixedRow(columnCount: layout.columnCount)
        else { return nil }
        var isCut = false
        for column in 0..<layout.columnCount {
            let source = unsafe Int(sources[column])
            if source == CompiledLayout.null {
                row.appendNull()
                continue
            }
            let type = unsafe types[column]
            if source == CompiledLayout.time {
                guard type == .timestamptz else { return nil }
                let (instant, losesDigits) = Microseconds.fromUnix(nanoseconds: time)
                row.append(instant)
                isCut = losesDigits
                continue
            }
            let item = unsafe items + source
            switch unsafe (type, item.pointee.kind) {
            case (.doublePrecision, .float): unsafe row.append(item.pointee.float)
            case (.bigint, .int): unsafe row.append(item.pointee.int)
            case (.bigint, .tag):
                guard let number = try? unsafe Int64(decimal: item.pointee.text.buffer.span)
                else { return nil }
                row.append(number)
            default: return nil
            }
        }
        rows.endFixedRow(row)
        return isCut
    }

    @inline(never)
    private static func encodeAny(
        _ items: UnsafePointer<Item>, time: Int64, layout: CompiledLayout,
        into rows: inout CopyRows
    ) -> EncodeOutcome {
        let sources = unsafe layout.sources!
        let types = unsafe layout.types!
        var isCut = false
        rows.beginRow(columnCount: layout.columnCount)
        for column in 0..<layout.columnCount {
            let source = unsafe sources[column]
            if source >= 0 {
                do throws(Misfit) {
                    try unsafe rows.append(items + Int(source), as: types[column])
                } catch {
                    rows.rollBackRow()
                    return .misfit(error, column: column)
                }
            } else if source == CompiledLayout.time {
                isCut = unsafe rows.append(unixNanoseconds: time, as: types[column])
            } else {
                rows.appendNull()
            }
        }
        return rows.endRow() ? .row(isCut: isCut) : .full
    }
}
