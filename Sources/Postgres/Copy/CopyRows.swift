import CLinux

/// A fixed slab of rows in the form of binary COPY, with the place where each row begins.
///
/// A row that does not fit makes itself known at its end: `endRow` gives false and takes the row back.
/// Values in between are written or silently left out, but never past the slab.
@safe
public struct CopyRows: ~Copyable, @unchecked Sendable {
    // @unchecked: the sole owner of both allocations.
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let starts: UnsafeMutablePointer<UInt32>
    /// Bytes that the slab holds.
    public let byteLimit: Int
    /// Rows that the slab holds.
    public let rowLimit: Int
    @usableFromInline var count = 0
    /// Whole rows in the slab.
    @inlinable @inline(__always) public var rowCount: Int { count }
    /// Rows whose bytes were released.
    private var releasedCount = 0
    /// Where the open row begins, which is where the whole rows end.
    @usableFromInline var rowStart = 0
    /// Where the next value goes.
    @usableFromInline var cursor = 0
    /// Columns that the open row still lacks.
    @usableFromInline var columnsLeft = 0
    /// Where the open row must end: `byteLimit`, or -1 once something of it did not fit.
    @usableFromInline var end: Int

    /// Allocates the slab; nothing is allocated later.
    package init(byteLimit: Int, rowLimit: Int) {
        precondition(byteLimit > 0 && byteLimit <= Int(Int32.max) && rowLimit > 0)
        self.byteLimit = byteLimit
        end = byteLimit
        self.rowLimit = rowLimit
        unsafe base = .allocate(byteCount: byteLimit, alignment: 64)
        unsafe starts = .allocate(capacity: rowLimit + 1)
        unsafe starts[0] = 0
    }

    deinit {
        unsafe base.deallocate()
        unsafe starts.deallocate()
    }

    /// Bytes that `init` allocates for these limits, for those who add up memory.
    package static func memorySize(byteLimit: Int, rowLimit: Int) -> Int {
        byteLimit + (rowLimit + 1) * MemoryLayout<UInt32>.size
    }

    /// Bytes of the whole rows that were not released.
    package var byteCount: Int { rowStart }

    package var isEmpty: Bool { rowCount == 0 }

    /// Whether less than a 16th of the bytes or of the rows is free.
    package var isNearlyFull: Bool {
        byteLimit - byteCount < byteLimit / 16 || rowLimit - rowCount < rowLimit / 16
    }

    /// Bytes that are free after what was appended so far.
    @inlinable @inline(__always) public var remaining: Int { byteLimit - cursor }

    /// Forgets all rows.
    package mutating func removeAll() {
        count = 0
        releaseBytes()
    }

    /// Gives up the bytes of all rows so far, but not the rows: the next one lies where the first one
    /// did, in memory that is still in the nearest cache.
    package mutating func releaseBytes() {
        releasedCount = count
        unsafe starts[count] = 0
        rowStart = 0
        rollBackRow()
    }

    // MARK: - Rows

    /// Opens a row; exactly so many values must follow before `endRow`.
    ///
    /// - Returns: false when there is no room for another row; the row may be filled all the same.
    @discardableResult
    @inlinable @inline(__always) public mutating func beginRow(columnCount: Int) -> Bool {
        precondition(cursor == rowStart, "the last row was neither ended nor rolled back")
        columnsLeft = columnCount
        if count == rowLimit { end = -1 }
        store(Int16(truncatingIfNeeded: columnCount))
        return end >= 0
    }

    /// Closes the row.
    ///
    /// - Returns: false when it did not fit; it is taken back then, and `isEmpty` tells whether it
    ///   could ever fit.
    @inlinable @inline(__always) public mutating func endRow() -> Bool {
        precondition(columnsLeft == 0, "a row with missing or extra values")
        if end < 0 {
            rollBackRow()
            return false
        }
        keepRow()
        return true
    }

    /// Takes the open row back.
    @inlinable @inline(__always) public mutating func rollBackRow() {
        cursor = rowStart
        columnsLeft = 0
        end = byteLimit
    }

    @inlinable @inline(__always) mutating func keepRow() {
        rowStart = cursor
        count &+= 1
        unsafe starts[count] = UInt32(truncatingIfNeeded: cursor)
    }

    /// Appends a row of another slab, to bring rows into another order.
    ///
    /// - Returns: false when it does not fit.
    package mutating func append(row index: Int, of other: borrowing CopyRows) -> Bool {
        precondition(
            cursor == rowStart && index >= other.releasedCount && index < other.rowCount)
        let start = unsafe Int(other.starts[index])
        let size = unsafe Int(other.starts[index + 1]) - start
        guard rowCount < rowLimit, size <= remaining else { return false }
        unsafe (base + cursor).copyMemory(from: other.base + start, byteCount: size)
        cursor += size
        keepRow()
        return true
    }

    /// Bytes that some rows take, of which none was released.
    package func byteCount(ofRows rows: Range<Int>) -> Int {
        precondition(rows.lowerBound >= releasedCount && rows.upperBound <= rowCount)
        return unsafe Int(starts[rows.upperBound]) - Int(starts[rows.lowerBound])
    }

    /// Lends the bytes of some rows, of which none was released, without header and trailer; they must
    /// not outlive `body`.
    package borrowing func withBytes<Result, Failure: Error>(
        ofRows rows: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(rows.lowerBound >= releasedCount && rows.upperBound <= rowCount)
        let start = unsafe Int(starts[rows.lowerBound])
        let end = unsafe Int(starts[rows.upperBound])
        return try unsafe body(UnsafeRawBufferPointer(start: base + start, count: end - start))
    }

    /// Brings the ends of a row that was not released into the nearest cache, while others are worked on.
    @inline(__always)
    package func prefetch(row index: Int) {
        precondition(index >= releasedCount && index < rowCount)
        unsafe clinux_prefetch(base + Int(starts[index]))
        unsafe clinux_prefetch(base + (Int(starts[index + 1]) - 1))
    }

    // MARK: - Values

    /// Appends NULL.
    @inlinable @inline(__always) public mutating func appendNull() {
        columnsLeft &-= 1
        store(CopyFormat.null)
    }

    @inlinable @inline(__always) public mutating func append(_ value: Bool) {
        columnsLeft &-= 1
        guard makeRoom(5) else { return }
        put(Int32(1), at: cursor)
        put(UInt8(value ? 1 : 0), at: cursor &+ 4)
        cursor &+= 5
    }

    @inlinable @inline(__always) public mutating func append(_ value: Int16) {
        appendFixed(value, size: 2)
    }

    @inlinable @inline(__always) public mutating func append(_ value: Int32) {
        appendFixed(value, size: 4)
    }

    @inlinable @inline(__always) public mutating func append(_ value: Int64) {
        appendFixed(value, size: 8)
    }

    @inlinable @inline(__always) public mutating func append(_ value: Float) {
        appendFixed(value.bitPattern, size: 4)
    }

    @inlinable @inline(__always) public mutating func append(_ value: Double) {
        appendFixed(value.bitPattern, size: 8)
    }

    /// Appends a `timestamptz` or `timestamp`.
    @inlinable @inline(__always) public mutating func append(_ value: Microseconds) {
        appendFixed(value.sinceEpoch, size: 8)
    }

    /// Appends a `date`.
    @inlinable @inline(__always) public mutating func append(_ value: Days) {
        appendFixed(value.sinceEpoch, size: 4)
    }

    /// Appends a `uuid`.
    package mutating func append(_ value: UUIDBytes) {
        columnsLeft &-= 1
        guard makeRoom(20) else { return }
        put(Int32(16), at: cursor)
        put(value.high, at: cursor &+ 4)
        put(value.low, at: cursor &+ 12)
        cursor &+= 20
    }

    /// Appends bytes as they are, with `prefix` before them: `text`, `varchar` and, with its version
    /// byte, `jsonb`.
    private mutating func append(_ bytes: Span<UInt8>, prefix: UInt8?) {
        columnsLeft &-= 1
        let size = bytes.count + (prefix == nil ? 0 : 1)
        guard makeRoom(4 + size) else { return }
        put(Int32(truncatingIfNeeded: size), at: cursor)
        cursor &+= 4
        if let prefix {
            put(prefix, at: cursor)
            cursor &+= 1
        }
        let target = unsafe base + cursor
        unsafe bytes.withUnsafeBufferPointer { source in
            if let address = source.baseAddress {
                unsafe target.copyMemory(from: address, byteCount: source.count)
            }
        }
        cursor &+= bytes.count
    }

    /// Appends a `text` or, with a limit in characters, a `varchar`.
    package mutating func appendText(
        _ text: Span<UInt8>, characterLimit: Int? = nil
    ) throws(Misfit) {
        try checkText(text, characterLimit: characterLimit)
        append(text, prefix: nil)
    }

    /// Appends a `jsonb`.
    package mutating func appendJSON(_ text: Span<UInt8>) throws(Misfit) {
        try checkJSON(text)
        append(text, prefix: 1)
    }

    /// Appends decimal text as a `numeric`, exactly.
    package mutating func appendNumeric(
        _ text: Span<UInt8>, shape: NumericShape?
    ) throws(Misfit) {
        if let plain = PlainDecimal(text), plain.surelyFits(shape),
            end &- cursor >= Self.numericFormSizeMax
        {
            columnsLeft &-= 1
            put(plain.numericForm())
            return
        }
        let decimal = try DecimalText(text)
        let value = try NumericLayout(text, decimal, shape: shape)
        columnsLeft &-= 1
        guard makeRoom(4 + value.byteCount) else { return }
        put(Int32(truncatingIfNeeded: value.byteCount), at: cursor)
        let target = unsafe UnsafeMutableRawBufferPointer(
            start: base + cursor + 4, count: value.byteCount)
        unsafe value.write(text, decimal, to: target)
        cursor &+= 4 + value.byteCount
    }

    /// Length, header and eight groups.
    private static let numericFormSizeMax = 4 + 8 + 16

    /// Writes all eight groups, and goes on behind those that count.
    private mutating func put(_ value: NumericForm) {
        let size = 8 &+ 2 &* value.groupCount
        put(Int32(truncatingIfNeeded: size), at: cursor)
        put(value.header, at: cursor &+ 4)
        put(UInt64(truncatingIfNeeded: value.groups >> 64), at: cursor &+ 12)
        put(UInt64(truncatingIfNeeded: value.groups), at: cursor &+ 20)
        cursor &+= 4 &+ size
    }

    // MARK: - Bytes

    @inlinable @inline(__always) mutating func appendFixed<Value: FixedWidthInteger>(
        _ value: Value, size: Int
    ) {
        columnsLeft &-= 1
        guard makeRoom(4 &+ size) else { return }
        put(Int32(truncatingIfNeeded: size), at: cursor)
        put(value, at: cursor &+ 4)
        cursor &+= 4 &+ size
    }

    @inlinable @inline(__always) mutating func store<Value: FixedWidthInteger>(_ value: Value) {
        guard makeRoom(MemoryLayout<Value>.size) else { return }
        put(value, at: cursor)
        cursor &+= MemoryLayout<Value>.size
    }

    /// The only bounds check of a value.
    @inlinable @inline(__always) mutating func makeRoom(_ size: Int) -> Bool {
        if _fastPath(size <= end &- cursor) { return true }
        end = -1
        return false
    }

    @inlinable @inline(__always) func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int)
    {
        unsafe base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Value.self)
    }
}
