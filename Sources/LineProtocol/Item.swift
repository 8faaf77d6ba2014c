/// What an item of a line is.
public enum ItemKind: UInt8, Sendable {
    case tag, float, int, uint, bool, string
}

/// A tag or a field: its key, its text, and for numbers and booleans the value itself.
///
/// 32 bytes, so that those of the lines that are decoded at a time stay in the nearest cache.
@safe  // Holds slices, which are safe to pass around.
public struct Item {
    @usableFromInline var keyBase: UnsafePointer<UInt8>
    @usableFromInline let textBase: UnsafePointer<UInt8>
    /// The bit pattern of the `Double`, `Int64` or `UInt64`, or 1 for true; 0 for texts.
    public let bits: UInt64
    @usableFromInline var shape: ItemShape

    @inline(__always)
    init(key: ByteSlice, text: ByteSlice, bits: UInt64, kind: ItemKind) {
        unsafe self.init(
            keyBase: key.base, textBase: text.base, bits: bits,
            ItemShape(keyCount: key.count, kind).with(textCount: Int(text.count)))
    }

    @inline(__always)
    init(
        keyBase: UnsafePointer<UInt8>, textBase: UnsafePointer<UInt8>, bits: UInt64,
        _ shape: ItemShape
    ) {
        unsafe self.keyBase = keyBase
        unsafe self.textBase = textBase
        self.bits = bits
        self.shape = shape
    }

    /// The key, unescaped.
    @inlinable @inline(__always)
    public var key: ByteSlice { unsafe ByteSlice(base: keyBase, count: shape.keyCount) }
    /// A tag's or string's value, unescaped; else the literal as it stood, without `i` or `u`.
    @inlinable @inline(__always)
    public var text: ByteSlice { unsafe ByteSlice(base: textBase, count: shape.textCount) }
    @inlinable @inline(__always)
    public var kind: ItemKind { shape.kind }

    /// Takes the key away, which nothing else does: no item of a good line has an empty one.
    mutating func removeKey() { shape = shape.withoutKey }

    /// The value of a `float`.
    @inlinable @inline(__always)
    public var float: Double { Double(bitPattern: bits) }
    /// The value of an `int`.
    @inlinable @inline(__always)
    public var int: Int64 { Int64(bitPattern: bits) }
    /// The value of a `bool`.
    @inlinable @inline(__always)
    public var bool: Bool { bits != 0 }

    /// The number of a text that is one to eight digits; nil for other texts, and where a line ends so
    /// soon behind them that one look does not tell.
    ///
    /// - Parameter line: what the text lies in.
    @inlinable @inline(__always)
    public func shortNumber(in line: ByteSlice) -> Int64? {
        let count = shape.textCount
        let place = unsafe Int(bitPattern: textBase) &- Int(bitPattern: line.base)
        guard 1...8 ~= count, place >= 0, place &+ 8 <= Int(line.count) else { return nil }
        let word = UInt64(
            littleEndian: unsafe UnsafeRawPointer(textBase).loadUnaligned(as: UInt64.self))
        // The digits move up, so that zeros stand before them.
        let digits = (word ^ asciiZeros) &<< UInt64(64 &- 8 &* count)
        guard nonDigits(digits) == 0 else { return nil }
        return Int64(bitPattern: eightDigitValue(digits))
    }
}

/// What an item is and how long its parts are, in one word: of an item whose layout is known, only the
/// count of the text is new.
@usableFromInline
struct ItemShape {
    /// Bytes of the text in the lower 32 bits, bytes of the key in 28 more, the kind in the rest.
    @usableFromInline let word: UInt64

    /// - Parameter keyCount: bytes, at most `Limits.lineBytesMax`.
    init(keyCount: Int32, _ kind: ItemKind) {
        word =
            UInt64(UInt32(bitPattern: keyCount)) &<< 32 | UInt64(kind.rawValue) &<< 60
    }

    @inline(__always)
    private init(word: UInt64) { self.word = word }

    /// - Parameter textCount: bytes, at most `Limits.lineBytesMax`; there is none yet.
    @inline(__always)
    func with(textCount: Int) -> ItemShape {
        ItemShape(word: word | UInt64(bitPattern: Int64(textCount)))
    }

    var withoutKey: ItemShape { ItemShape(word: word & ~(0x0fff_ffff &<< 32)) }

    @inlinable @inline(__always)
    var textCount: Int { Int(truncatingIfNeeded: word & 0xffff_ffff) }
    @inlinable @inline(__always)
    var keyCount: Int { Int(truncatingIfNeeded: word &>> 32 & 0x0fff_ffff) }
    @inlinable @inline(__always)
    var kind: ItemKind { ItemKind(rawValue: UInt8(truncatingIfNeeded: word &>> 60))! }
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
