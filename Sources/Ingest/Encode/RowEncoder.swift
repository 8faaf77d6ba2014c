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
    @inline(never)
    static func encode(
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
