/// Rows whose values all take eight bytes or are NULL, on their way into a slab: whether there is room
/// is looked at once for all of them. Small and local, so that it lives in registers.
@safe  // Written only as far as `CopyRows.beginFixedRows` found room.
public struct FixedRows {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline var cursor: UnsafeMutableRawPointer
    /// Where the end of the next row is noted.
    @usableFromInline var nextStart: UnsafeMutablePointer<UInt32>
    @usableFromInline let columnCount: Int
    /// Columns that the open row still lacks.
    @usableFromInline var columnsLeft = 0
    /// For how many rows there certainly is room.
    @inlinable @inline(__always) public var rowsLeft: Int { rowsToBegin }
    // The same: what others may only read, inlined code could not change.
    @usableFromInline var rowsToBegin: Int

    /// Bytes that a row of so many columns takes at most.
    @inlinable @inline(__always) static func byteCount(columnCount: Int) -> Int {
        2 &+ 12 &* columnCount
    }

    @usableFromInline @inline(__always)
    init(
        _ base: UnsafeMutableRawPointer, from start: Int, columnCount: Int,
        nextStart: UnsafeMutablePointer<UInt32>, rowsLeft: Int
    ) {
        unsafe self.base = base
        unsafe cursor = base + start
        self.columnCount = columnCount
        unsafe self.nextStart = nextStart
        rowsToBegin = rowsLeft
    }

    /// Opens a row, of which so many values must follow before `keepRow`. One that is not kept is not
    /// there, and must be the last one.
    @inlinable @inline(__always) public mutating func beginRow() {
        precondition(rowsToBegin > 0, "no room for another row")
        rowsToBegin &-= 1
        columnsLeft = columnCount
        let count = Int16(truncatingIfNeeded: columnCount).bigEndian
        unsafe cursor.storeBytes(of: count, as: Int16.self)
        unsafe cursor += 2
    }

    /// Takes a row that has all of its values.
    @inlinable @inline(__always) public mutating func keepRow() {
        precondition(columnsLeft == 0, "a row with missing values")
        unsafe nextStart.pointee = UInt32(truncatingIfNeeded: cursor - base)
        unsafe nextStart += 1
    }

    /// Appends a `bigint`.
    @inlinable @inline(__always) public mutating func append(_ value: Int64) {
        append(bits: UInt64(bitPattern: value))
    }

    /// Appends a `double precision`.
    @inlinable @inline(__always) public mutating func append(_ value: Double) {
        append(bits: value.bitPattern)
    }

    /// Appends a `timestamptz` or `timestamp`.
    @inlinable @inline(__always) public mutating func append(_ value: Microseconds) {
        append(value.sinceEpoch)
    }

    /// Appends NULL.
    @inlinable @inline(__always) public mutating func appendNull() {
        takeColumn()
        unsafe cursor.storeBytes(of: CopyFormat.null.bigEndian, as: Int32.self)
        unsafe cursor += 4
    }

    /// Appends a value by its bits.
    @inlinable @inline(__always) public mutating func append(bits: UInt64) {
        takeColumn()
        unsafe cursor.storeBytes(of: Int32(8).bigEndian, as: Int32.self)
        unsafe cursor.storeBytes(of: bits.bigEndian, toByteOffset: 4, as: UInt64.self)
        unsafe cursor += 12
    }

    @inlinable @inline(__always) mutating func takeColumn() {
        columnsLeft &-= 1
        precondition(columnsLeft >= 0, "more values than columns")
    }
}

extension CopyRows {
    /// Begins rows of values that take eight bytes or are NULL. Nothing of them is in the slab before
    /// `endFixedRows`.
    ///
    /// - Parameter rowsMax: no more than so many.
    @inlinable @inline(__always)
    public func beginFixedRows(columnCount: Int, rowsMax: Int) -> FixedRows {
        precondition(cursor == rowStart, "the last row was neither ended nor rolled back")
        let bytes = rowsMax &* FixedRows.byteCount(columnCount: columnCount)
        let fits = rowsMax <= rowLimit &- count && bytes <= end &- rowStart
        return unsafe FixedRows(
            base, from: rowStart, columnCount: columnCount, nextStart: starts + (count &+ 1),
            rowsLeft: fits ? rowsMax : roomForFixedRows(columnCount: columnCount))
    }

    /// For how many rows there certainly is room.
    @usableFromInline @inline(never)
    func roomForFixedRows(columnCount: Int) -> Int {
        min(rowLimit - count, (end - rowStart) / FixedRows.byteCount(columnCount: columnCount))
    }

    /// Takes the rows that were kept.
    @inlinable @inline(__always)
    public mutating func endFixedRows(_ rows: FixedRows) {
        count = unsafe rows.nextStart - starts &- 1
        rowStart = unsafe Int(starts[count])
        cursor = rowStart
    }
}
