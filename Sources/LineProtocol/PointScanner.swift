import Glibc

/// Why the scanner gave a line up.
enum ScanStop: Error {
    /// The line is bad.
    case bad(LineError)
    /// The line is perhaps good, but the batch has no room for it.
    case batchFull
}

/// Reads one point, from the first byte of its measurement up to and including its line end.
///
/// The whole grammar of names, values and timestamps is here and in the extensions of this type;
/// where lines begin, what is blank and what becomes of a bad line is the walker's business.
/// After a throw, `position` is where the scanner stood: at or before the byte that it refused.
///
/// Some rare functions are mutating though they change nothing: a call to one that is not, copies
/// the whole scanner.
@safe  // Reads `base` only below `end`, and writes items and scratch only below their limits.
struct PointScanner {
    let base: UnsafePointer<UInt8>
    /// The end of what may be read; it counts as the end of the line.
    private(set) var end = 0
    let classes: UnsafePointer<UInt8>
    let powersOfTen: UnsafePointer<Double>
    let items: UnsafeMutablePointer<Item>
    let itemCapacity: Int
    let scratch: UnsafeMutablePointer<UInt8>
    let scratchCapacity: Int
    let order: UnsafeMutablePointer<UInt32>
    let orderCapacity: Int

    var position = 0
    var itemCount: Int
    var scratchUsed: Int
    /// Line feeds inside of the strings of this point.
    var lineFeeds = 0
    /// Whether a line feed ended the point, and not the end of what may be read.
    var endedByLineFeed = false

    init(_ base: UnsafePointer<UInt8>, batch: borrowing DecodedBatch) {
        unsafe self.base = base
        unsafe classes = Tables.shared.classes
        unsafe powersOfTen = Tables.shared.powersOfTen
        unsafe items = batch.itemBase
        itemCapacity = batch.itemCapacity
        unsafe scratch = batch.scratchBase
        scratchCapacity = batch.scratchCapacity
        unsafe order = batch.orderBase
        orderCapacity = batch.orderCapacity
        itemCount = batch.itemCount
        scratchUsed = batch.scratchUsed
    }

    /// Makes ready for a line at `start`, whatever became of the last one.
    @inline(__always)
    mutating func begin(_ start: Int, end: Int, _ batch: borrowing DecodedBatch) {
        position = start
        self.end = end
        itemCount = batch.itemCount
        scratchUsed = batch.scratchUsed
        lineFeeds = 0
        endedByLineFeed = false
    }

    /// What `point` read, apart from the items.
    @safe  // Holds a slice, which is safe to pass around.
    struct Point {
        var measurement: ByteSlice
        var tagCount = 0
        var fieldCount = 0
        var timestamp: Int64 = 0
        var hasTimestamp = false
        /// The end of the logical line, without its line end.
        var rawEnd = 0
    }

    mutating func point(_ unitNanoseconds: Int64) throws(ScanStop) -> Point {
        let first = itemCount
        var point = Point(
            measurement: try name(
                CharacterClass.measurement, CharacterClass.measurementEscape, .measurement))
        try tags()
        point.tagCount = itemCount - first
        try checkTagKeys(first)
        skipBlanks()
        try fields()
        mergeFieldKeys(first + point.tagCount)
        point.fieldCount = itemCount - first - point.tagCount
        if skipBlanks() && !isAtLineEnd {
            point.timestamp = try timestamp(unitNanoseconds)
            point.hasTimestamp = true
            skipBlanks()
            guard isAtLineEnd else { throw refusal(.timestamp) }
        }
        point.rawEnd = position
        skipLineEnd()
        return point
    }

    // MARK: Tags and fields

    @inline(__always)
    private mutating func tags() throws(ScanStop) {
        while position < end, self[position] == Byte.comma {
            position += 1
            let key = try name(CharacterClass.key, CharacterClass.keyEscape, .tag)
            guard position < end, self[position] == Byte.equals else { throw refusal(.tag) }
            position += 1
            let value = try name(CharacterClass.key, CharacterClass.keyEscape, .tag)
            try append(Item(key: key, text: value, bits: 0, kind: .tag))
        }
        guard position < end, isBlank(self[position]) else {
            // A raw `=` can only stand behind a tag value here: `t=a=b`.
            let isEquals = position < end && self[position] == Byte.equals
            throw refusal(isEquals ? .tag : .field)
        }
    }

    @inline(__always)
    private mutating func fields() throws(ScanStop) {
        while true {
            let key = try name(CharacterClass.key, CharacterClass.keyEscape, .field)
            guard position < end, self[position] == Byte.equals else { throw refusal(.field) }
            position += 1
            try append(try value(key))
            guard position < end, self[position] == Byte.comma else { break }
            position += 1
        }
    }

    @inline(__always)
    private mutating func append(_ item: Item) throws(ScanStop) {
        guard itemCount < itemCapacity else { throw .batchFull }
        unsafe items[itemCount] = item
        itemCount += 1
    }

    // MARK: Bytes

    @inline(__always)
    subscript(index: Int) -> UInt8 { unsafe base[index] }

    @inline(__always)
    func slice(_ start: Int, _ end: Int) -> ByteSlice {
        unsafe ByteSlice(base: base + start, count: end &- start)
    }

    @inline(__always)
    func has(_ byte: UInt8, _ bits: UInt8) -> Bool { unsafe classes[Int(byte)] & bits != 0 }

    @inline(__always)
    func isBlank(_ byte: UInt8) -> Bool { byte == Byte.space || byte == Byte.tab }

    /// Skips spaces and tabs; tells whether there were any.
    @inline(__always) @discardableResult
    mutating func skipBlanks() -> Bool {
        let start = position
        while position < end, isBlank(self[position]) { position += 1 }
        return position > start
    }

    /// Whether LF, CR LF, a last CR or the end comes next.
    @inline(__always)
    var isAtLineEnd: Bool {
        guard position < end else { return true }
        let byte = self[position]
        if byte == Byte.lineFeed { return true }
        guard byte == Byte.carriageReturn else { return false }
        return position + 1 == end || self[position + 1] == Byte.lineFeed
    }

    @inline(__always)
    private mutating func skipLineEnd() {
        if position < end, self[position] == Byte.carriageReturn { position += 1 }
        if position < end {
            position += 1
            endedByLineFeed = true
        }
    }

    /// The error for the byte at `position`, which fits nowhere: a control character has its own.
    @inline(never)
    mutating func refusal(_ error: LineError) -> ScanStop {
        guard !isAtLineEnd else { return .bad(error) }
        let byte = self[position]
        let isControl = has(byte, CharacterClass.control) && byte != Byte.tab
        return .bad(isControl ? .invalidCharacter : error)
    }
}
