import LineProtocol
import Postgres

/// Where a row came from, and which row of its shape comes after it.
@safe
struct RowOrigin {
    var shape: Int32
    /// The next row of the same shape, or -1.
    var next: Int32
    var source: UInt16
    /// Its time lost digits that the column cannot hold.
    var isCut: Bool
    /// The unit of the line's timestamp.
    var precision: Precision
    /// Tags and fields of its line that no column takes.
    var unmatchedCount: UInt16
    /// Nanoseconds since 1970.
    var receivedAt: Int64
    /// The line as it came; points into the ring, and is good while its frame is pinned.
    var line: ByteSlice

    @inline(__always)
    init(
        _ line: ByteSlice, _ context: FrameContext, _ layout: CompiledLayout, isCut: Bool,
        next: Int32
    ) {
        shape = Int32(truncatingIfNeeded: layout.shape)
        self.next = next
        source = context.source
        self.isCut = isCut
        precision = context.precision
        unmatchedCount = UInt16(truncatingIfNeeded: layout.unmatchedCount)
        receivedAt = context.receivedAt
        self.line = line
    }
}

/// Encoded rows that wait for their COPY: one slab for all tables, in the order of arrival.
@safe
struct BatchRows: ~Copyable {
    var slab: CopyRows
    private let origins: UnsafeMutablePointer<RowOrigin>
    /// First and last row of each shape, -1 where it has none.
    private var firstRows: [Int32] = []
    private var lastRows: [Int32] = []
    /// Shapes that have rows, in the order in which they came.
    private(set) var shapes: [Int] = []

    init(byteLimit: Int, rowLimit: Int) {
        slab = CopyRows(byteLimit: byteLimit, rowLimit: rowLimit)
        unsafe origins = .allocate(capacity: rowLimit)
    }

    deinit { unsafe origins.deallocate() }

    /// Bytes of memory for these limits.
    static func memorySize(byteLimit: Int, rowLimit: Int) -> Int {
        CopyRows.memorySize(byteLimit: byteLimit, rowLimit: rowLimit)
            + rowLimit * MemoryLayout<RowOrigin>.stride
    }

    var count: Int { slab.rowCount }

    /// The shape of all rows, when they have the same one.
    var onlyShape: Int? { shapes.count == 1 ? shapes[0] : nil }

    /// Notes where the row that was encoded last came from.
    @inline(__always)
    mutating func noteOrigin(
        _ line: ByteSlice, _ context: FrameContext, _ layout: CompiledLayout, isCut: Bool
    ) {
        unsafe (origins + (slab.rowCount - 1)).initialize(
            to: RowOrigin(line, context, layout, isCut: isCut, next: -1))
        endOrigins(1, ofShape: layout.shape)
    }

    /// Where the origins of the next rows go, in their order, for rows of one shape, each with the
    /// number of the row behind it; `endOrigins` says how many they were.
    @inline(__always)
    func beginOrigins() -> UnsafeMutablePointer<RowOrigin> { unsafe origins + slab.rowCount }

    /// - Parameter count: so many rows of `shape` were encoded last.
    @inline(__always)
    mutating func endOrigins(_ count: Int, ofShape shape: Int) {
        guard count > 0 else { return }
        let first = Int32(truncatingIfNeeded: slab.rowCount - count)
        if shape < lastRows.count, lastRows[shape] >= 0 {
            unsafe origins[Int(lastRows[shape])].next = first
        } else {
            begin(shape, at: first)
        }
        let last = slab.rowCount - 1
        unsafe origins[last].next = -1
        lastRows[shape] = Int32(truncatingIfNeeded: last)
    }

    private mutating func begin(_ shape: Int, at row: Int32) {
        while lastRows.count <= shape {
            firstRows.append(-1)
            lastRows.append(-1)
        }
        shapes.append(shape)
        firstRows[shape] = row
        lastRows[shape] = row
    }

    /// The first row of a shape, or -1.
    func firstRow(ofShape shape: Int) -> Int {
        Int(firstRows[shape])
    }

    /// The next row of the same shape, or -1.
    func row(after row: Int) -> Int {
        precondition(row < count)
        return unsafe Int(origins[row].next)
    }

    func origin(of row: Int) -> RowOrigin {
        precondition(row < count)
        return unsafe origins[row]
    }

    /// Row numbers of a shape, for those who go through them more than once.
    func rowNumbers(ofShape shape: Int) -> [Int] {
        var numbers: [Int] = []
        var row = firstRow(ofShape: shape)
        while row >= 0 {
            numbers.append(row)
            row = self.row(after: row)
        }
        return numbers
    }

    /// Row numbers cut where the shape changes.
    func runs(of numbers: [Int]) -> [[Int]] {
        var runs: [[Int]] = []
        var last: Int32 = -1
        for number in numbers {
            let shape = origin(of: number).shape
            if shape == last { runs[runs.count - 1].append(number) } else { runs.append([number]) }
            last = shape
        }
        return runs
    }

    mutating func removeAll() {
        slab.removeAll()
        for shape in shapes {
            firstRows[shape] = -1
            lastRows[shape] = -1
        }
        shapes.removeAll(keepingCapacity: true)
    }
}
