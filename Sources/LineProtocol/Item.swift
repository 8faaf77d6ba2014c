/// What an item of a line is.
package enum ItemKind: UInt8, Sendable {
    case tag, float, int, uint, bool, string
}

/// A tag or a field: its key, its text, and for numbers and booleans the value itself.
@safe  // Holds slices, which are safe to pass around.
package struct Item {
    /// The key, unescaped.
    package internal(set) var key: ByteSlice
    /// A tag's or string's value, unescaped; else the literal as it stood, without `i` or `u`.
    package internal(set) var text: ByteSlice
    /// The bit pattern of the `Double`, `Int64` or `UInt64`, or 1 for true; 0 for texts.
    package internal(set) var bits: UInt64
    package internal(set) var kind: ItemKind

    @inline(__always)
    init(key: ByteSlice, text: ByteSlice, bits: UInt64, kind: ItemKind) {
        self.key = key
        self.text = text
        self.bits = bits
        self.kind = kind
    }

    /// The value of a `float`.
    @inlinable
    package var float: Double { Double(bitPattern: bits) }
    /// The value of an `int`.
    @inlinable
    package var int: Int64 { Int64(bitPattern: bits) }
    /// The value of a `bool`.
    @inlinable
    package var bool: Bool { bits != 0 }
}

/// A point, or the error that stands in its place.
@safe  // Holds slices, which are safe to pass around.
package struct DecodedLine {
    /// The logical line as it came, without its line end; of a bad line the physical line, and of
    /// one that is too long its beginning.
    package let raw: ByteSlice
    /// The name, unescaped; empty in an error.
    package let measurement: ByteSlice
    /// Where the line's items begin in its batch: first the tags, then the fields.
    package let firstItem: Int32
    package let tagCount: Int32
    package let fieldCount: Int32
    package let error: LineError?
    /// Whether the line has a timestamp; if not, `timestamp` is 0.
    package let hasTimestamp: Bool
    /// Nanoseconds since 1970.
    package let timestamp: Int64
    /// The physical line on which this one starts, counted from 1.
    package let number: Int
}
