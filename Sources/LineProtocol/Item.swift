/// What an item of a line is.
public enum ItemKind: UInt8, Sendable {
    case tag, float, int, uint, bool, string
}

/// A tag or a field: its key, its text, and for numbers and booleans the value itself.
@safe  // Holds slices, which are safe to pass around.
public struct Item {
    /// The key, unescaped.
    public internal(set) var key: ByteSlice
    /// A tag's or string's value, unescaped; else the literal as it stood, without `i` or `u`.
    public internal(set) var text: ByteSlice
    /// The bit pattern of the `Double`, `Int64` or `UInt64`, or 1 for true; 0 for texts.
    public internal(set) var bits: UInt64
    public internal(set) var kind: ItemKind

    @inline(__always)
    init(key: ByteSlice, text: ByteSlice, bits: UInt64, kind: ItemKind) {
        self.key = key
        self.text = text
        self.bits = bits
        self.kind = kind
    }

    /// The value of a `float`.
    @inlinable @inline(__always)
    public var float: Double { Double(bitPattern: bits) }
    /// The value of an `int`.
    @inlinable @inline(__always)
    public var int: Int64 { Int64(bitPattern: bits) }
    /// The value of a `bool`.
    @inlinable @inline(__always)
    public var bool: Bool { bits != 0 }
}

/// A point, or the error that stands in its place.
@safe  // Holds slices, which are safe to pass around.
public struct DecodedLine {
    /// The logical line as it came, without its line end; of a bad line the physical line, and of
    /// one that is too long its beginning.
    public let raw: ByteSlice
    /// The name, unescaped; empty in an error.
    public let measurement: ByteSlice
    /// Where the line's items begin in its batch: first the tags, then the fields.
    public let firstItem: Int32
    public let tagCount: Int32
    public let fieldCount: Int32
    public let error: LineError?
    /// Whether the line has a timestamp; if not, `timestamp` is 0.
    public let hasTimestamp: Bool
    /// Nanoseconds since 1970.
    public let timestamp: Int64
    /// The physical line on which this one starts, counted from 1.
    public let number: Int
    /// Lines of one decoded batch's memory that have the same number here, other than 0, have the
    /// same measurement and the same keys in the same order, and values of the same kinds. Says
    /// nothing where it is 0.
    public let layoutNumber: UInt32
}
