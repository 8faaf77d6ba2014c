/// Decoded lines with their items, in memory that is allocated once.
///
/// Slices point into the payload or into this batch's scratch memory; they are good until the
/// next decode into the batch, and as long as the payload stays.
@safe  // Sole owner of its memory; every index is checked.
public struct DecodedBatch: ~Copyable {
    package let lineCapacity: Int
    package let itemCapacity: Int
    public internal(set) var lineCount = 0
    var itemCount = 0
    var scratchUsed = 0

    let scratchCapacity: Int
    @usableFromInline let lineBase: UnsafeMutablePointer<DecodedLine>
    @usableFromInline let itemBase: UnsafeMutablePointer<Item>
    let scratchBase: UnsafeMutablePointer<UInt8>
    var layout = Layout()
    /// Two halves for sorting the keys of one line.
    let orderBase: UnsafeMutablePointer<UInt32>
    let orderCapacity: Int

    /// - Parameters:
    ///   - lineCapacity: lines that one decode may give at most.
    ///   - lineBytesMax: the longest line of the decoder that will fill this batch; every such
    ///     line fits, however many items it has.
    package init(lineCapacity: Int, lineBytesMax: Int) {
        precondition(lineCapacity > 0)
        let sizes = DecodedBatch.sizes(lineCapacity: lineCapacity, lineBytesMax: lineBytesMax)
        self.lineCapacity = lineCapacity
        itemCapacity = sizes.items
        scratchCapacity = sizes.scratch
        orderCapacity = sizes.order
        unsafe lineBase = .allocate(capacity: lineCapacity)
        unsafe itemBase = .allocate(capacity: itemCapacity)
        unsafe scratchBase = .allocate(capacity: scratchCapacity)
        unsafe orderBase = .allocate(capacity: 2 * orderCapacity)
    }

    deinit {
        unsafe lineBase.deallocate()
        unsafe itemBase.deallocate()
        unsafe scratchBase.deallocate()
        unsafe orderBase.deallocate()
    }

    /// Bytes of memory that a batch of this size takes.
    package static func byteCount(lineCapacity: Int, lineBytesMax: Int) -> Int {
        let sizes = sizes(lineCapacity: lineCapacity, lineBytesMax: lineBytesMax)
        return lineCapacity * MemoryLayout<DecodedLine>.stride
            + sizes.items * MemoryLayout<Item>.stride
            + sizes.scratch
            + 2 * sizes.order * MemoryLayout<UInt32>.stride
            + Layout.byteCount
    }

    private static func sizes(
        lineCapacity: Int, lineBytesMax: Int
    ) -> (items: Int, scratch: Int, order: Int) {
        precondition(lineBytesMax > 0 && lineBytesMax <= Limits.lineBytesMax)
        // A line that ends up too long may have come this far before that is noticed.
        let window = lineBytesMax + Limits.lineEndBytes
        let itemsOfLine = window / Limits.itemBytesMin + 1
        return (max(itemsOfLine, lineCapacity * 8), window, itemsOfLine)
    }

    /// The line at `index` of the last decode.
    @inlinable @inline(__always)
    public func line(_ index: Int) -> DecodedLine {
        precondition(index >= 0 && index < lineCount)
        return unsafe lineBase[index]
    }

    /// Where that line lies, for loops that count nanoseconds: a copy of it takes some.
    ///
    /// Danger: good only until the next decode into this batch.
    @inlinable @inline(__always)
    public func place(ofLine index: Int) -> UnsafePointer<DecodedLine> {
        precondition(index >= 0 && index < lineCount)
        return unsafe UnsafePointer(lineBase + index)
    }

    /// The tag at `index` of `line`.
    @inlinable @inline(__always)
    public func tag(_ index: Int, of line: DecodedLine) -> Item {
        precondition(index >= 0 && index < Int(line.tagCount))
        return unsafe itemBase[Int(line.firstItem) + index]
    }

    /// The field at `index` of `line`.
    @inlinable @inline(__always)
    public func field(_ index: Int, of line: DecodedLine) -> Item {
        precondition(index >= 0 && index < Int(line.fieldCount))
        return unsafe itemBase[Int(line.firstItem) + Int(line.tagCount) + index]
    }

    /// The tags, then the fields of `line`, for loops that count nanoseconds.
    ///
    /// Danger: good only until the next decode into this batch.
    @inlinable @inline(__always)
    public func items(of line: DecodedLine) -> UnsafeBufferPointer<Item> {
        unsafe UnsafeBufferPointer(
            start: itemBase + Int(line.firstItem), count: Int(line.tagCount + line.fieldCount))
    }

    /// Takes a line, with the items and scratch bytes up to the given counts.
    @inline(__always)
    mutating func append(_ line: DecodedLine, itemCount: Int, scratchUsed: Int) {
        precondition(lineCount < lineCapacity)
        unsafe lineBase[lineCount] = line
        lineCount += 1
        self.itemCount = itemCount
        self.scratchUsed = scratchUsed
    }

    /// How many more lines of so many items fit.
    @inline(__always)
    func room(itemsPerLine: Int) -> Int {
        let lines = lineCapacity - lineCount
        let items = itemCapacity - itemCount
        // A division takes as long as a good part of a line.
        return lines &* itemsPerLine <= items ? lines : items / itemsPerLine
    }

    /// Takes lines that were written behind the last one, as many as there was room for at most.
    @inline(__always)
    mutating func takePredicted(lines: Int, items: Int) {
        lineCount += lines
        itemCount += items
        if lines > 0 { layout.predicted(lines) }
    }

    /// The last line was not of the predicted layout; perhaps the next one is of its own.
    mutating func missedLayout() {
        let line = unsafe lineBase[lineCount - 1]
        unsafe layout.missed(line, itemBase + Int(line.firstItem))
    }

    mutating func removeAll() {
        lineCount = 0
        itemCount = 0
        scratchUsed = 0
    }
}
