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
    /// Index of the target that the measurement leads to, if any.
    var target = 0
    /// Index of the shape of a row.
    var shape = 0
    var reason = RejectReason.noTable
    /// How many tags and fields have no column.
    var unmatchedCount = 0
    /// Where the names of the first of them begin in the names' list, and how many are there.
    var firstUnmatched = 0
    var namedCount = 0
    /// For each column of the shape the index of the tag or field that fills it, or a mark.
    var sources: UnsafePointer<Int16>?
    /// The types of those columns.
    var types: UnsafePointer<WireType>?
    /// The same, where all of them are among these few.
    var fixedTypes: UnsafePointer<FixedType>?
    var columnCount = 0

    init(verdict: Verdict) {
        self.verdict = verdict
        unsafe sources = nil
        unsafe types = nil
        unsafe fixedTypes = nil
    }

    /// The column gets NULL.
    static let null: Int16 = -1
    /// The column gets the line's time.
    static let time: Int16 = -2
}

/// The types that most columns of readings have; all take eight bytes.
enum FixedType: UInt8 {
    case doublePrecision, bigint, timestamptz

    init?(_ type: WireType) {
        switch type {
        case .doublePrecision: self = .doublePrecision
        case .bigint: self = .bigint
        case .timestamptz: self = .timestamptz
        default: return nil
        }
    }
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
    let columns: [Int16]
    let types: UnsafeMutablePointer<WireType>
    /// `nil` when one of them is another.
    let fixedTypes: UnsafeMutablePointer<FixedType>?
    /// What a batch's rows are sorted by; empty where they go in the order of arrival.
    let sorting: [SortColumn]
    /// The next one in `CopyShapes` with the same hash.
    let older: Int32?
    private let destination: TableTarget

    init(_ target: TableTarget, _ targetIndex: Int, _ columns: [Int16], older: Int32?) {
        unsafe types = .allocate(capacity: columns.count)
        for (index, column) in columns.enumerated() {
            unsafe (types + index).initialize(to: WireType(target.columns[Int(column)].type))
        }
        let fixed = columns.compactMap { FixedType(WireType(target.columns[Int($0)].type)) }
        unsafe fixedTypes = fixed.count == columns.count ? .allocate(capacity: fixed.count) : nil
        unsafe fixedTypes?.initialize(from: fixed, count: fixed.count)
        self.target = targetIndex
        self.columns = columns
        sorting = RowOrdering.columns(of: target, in: columns)
        self.older = older
        destination = target
    }

    /// For messages.
    var table: String { destination.table.name }

    /// Put together for each COPY: kept for each shape, it would be most of their memory.
    var statement: String {
        destination.table.copyStatement(
            columns: columns.map { destination.columns[Int($0)].name })
    }

    /// The way for rows whose key may be there already; nil where they go by plain COPY and are
    /// rejected, because the operator wants it so, because the policy cannot work in this table, or
    /// because these rows do not bring the whole of any unique key.
    var staging: Staging? {
        guard let policy = destination.duplicates.policy else { return nil }
        return Staging(
            into: destination.table, columns: columns.map { destination.columns[Int($0)].name },
            policy)
    }

    /// Gives the memory back; the shape must not be used afterwards.
    func release() {
        unsafe types.deallocate()
        unsafe fixedTypes?.deallocate()
    }
}
