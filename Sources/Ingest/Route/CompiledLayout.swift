import LineProtocol
import Postgres

/// What one layout of a line (its measurement and its keys in their order) means for the tables:
/// found out once, used for every line that has it. Trivial, so that reading one costs no
/// reference counting.
@safe
struct CompiledLayout {
    enum Verdict {
        case row
        case reject
        /// The table is there, but not usable as it is: nothing may be dropped, a person must look.
        case hold
    }

    var verdict: Verdict
    /// Index of the shape of a row, or of the target whose lines are held or rejected.
    var shape = 0
    var reason = RejectReason.noTable
    /// How many tags and fields have no column, and where their names begin in the names' list.
    var unmatchedCount = 0
    var firstUnmatched = 0
    /// For each column of the shape the index of the tag or field that fills it, or a mark.
    var sources: UnsafePointer<Int16>?
    /// The types of those columns.
    var types: UnsafePointer<WireType>?
    var columnCount = 0

    init(verdict: Verdict) {
        self.verdict = verdict
        unsafe sources = nil
        unsafe types = nil
    }

    /// The column gets NULL.
    static let null: Int16 = -1
    /// The column gets the line's time.
    static let time: Int16 = -2
}

/// The columns of one COPY into one table.
///
/// A column with a default stands in it only when the lines bring a value: COPY has no word for
/// "use the default".
@safe
struct CopyShape {
    /// Index into `Destinations.targets`.
    let target: Int
    /// Indexes of the columns in the target.
    let columns: [Int]
    let statement: String
    /// For messages.
    let table: String
    let types: UnsafeMutablePointer<WireType>

    init(_ target: TableTarget, _ targetIndex: Int, _ columns: [Int]) {
        let chosen = columns.map { target.columns[$0] }
        unsafe types = .allocate(capacity: chosen.count)
        for (index, column) in chosen.enumerated() {
            unsafe (types + index).initialize(to: WireType(column.type))
        }
        self.target = targetIndex
        self.columns = columns
        table = target.table.name
        statement = target.table.copyStatement(columns: chosen.map(\.name))
    }

    /// Gives the memory back; the shape must not be used afterwards.
    func release() {
        unsafe types.deallocate()
    }
}
