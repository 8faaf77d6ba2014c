/// A row whose values all take eight bytes or are NULL, on its way into a slab that has room for it:
/// nothing is looked at but how many columns are left. Small and local, so that it lives in registers.
@safe  // Written only as far as `CopyRows.beginFixedRow` found room.
public struct FixedRow {
    @usableFromInline var cursor: UnsafeMutableRawPointer
    @usableFromInline var columnsLeft: Int

    /// Bytes that a row of so many columns takes at most.
    @inlinable @inline(__always) static func byteCount(columnCount: Int) -> Int {
        2 &+ 12 &* columnCount
    }

    @inlinable @inline(__always)
    init(_ start: UnsafeMutableRawPointer, columnCount: Int) {
        unsafe cursor = start
        columnsLeft = columnCount
        let count = Int16(truncatingIfNeeded: columnCount).bigEndian
        unsafe cursor.storeBytes(of: count, as: Int16.self)
        unsafe cursor += 2
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

    @inlinable @inline(__always) mutating func append(bits: UInt64) {
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
    /// Opens a row of values that take eight bytes or are NULL. Nothing of it is in the slab before
    /// `endFixedRow`; one that is given up needs no more.
    ///
    /// - Returns: nil when it might not fit.
    @inlinable @inline(__always)
    public func beginFixedRow(columnCount: Int) -> FixedRow? {
        guard count < rowLimit, end &- rowStart >= FixedRow.byteCount(columnCount: columnCount)
        else { return nil }
        return unsafe FixedRow(base + rowStart, columnCount: columnCount)
    }

    /// Takes a row that has all of its values.
    @inlinable @inline(__always)
    public mutating func endFixedRow(_ row: FixedRow) {
        precondition(row.columnsLeft == 0, "a row with missing values")
        cursor = unsafe row.cursor - base
        keepRow()
    }
}
