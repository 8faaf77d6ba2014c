import Glibc

/// Reads lines whose layout is known, in so far as their values are plain: what it reads is right,
/// what it refuses may be right too.
///
/// Takes nothing that the scanner would refuse, and makes the same of it: keys and blanks are byte
/// for byte those of a good line, and every value is checked as there.
///
/// Small, local and wholly inlined, so that it lives in registers.
@safe  // Reads below `end` only.
struct LayoutReader {
    private(set) var cursor: UnsafeRawPointer
    private let end: UnsafeRawPointer
    /// The last address from which a whole word can be read.
    private let lastWord: UInt
    private let powersOfTen: UnsafePointer<Double>

    @inline(__always)
    init(_ start: UnsafeRawPointer, end: UnsafeRawPointer, _ powersOfTen: UnsafePointer<Double>) {
        unsafe cursor = start
        unsafe self.end = end
        lastWord = UInt(bitPattern: end) - UInt(wordBytes)
        unsafe self.powersOfTen = powersOfTen
    }

    /// Reads a tag or a field.
    @inline(__always)
    fileprivate mutating func item(
        _ segment: UnsafePointer<Layout.Segment>, into item: UnsafeMutablePointer<Item>
    ) -> Bool {
        guard let first = unsafe skip(segment) else { return false }
        let text = unsafe cursor
        guard let bits = unsafe value(segment, first) else { return false }
        unsafe item.initialize(
            to: Item(
                keyBase: bytes(text + segment.pointee.keyOffset), textBase: bytes(text),
                bits: bits, segment.pointee.itemShape.with(textCount: cursor - text)))
        return true
    }

    /// Steps over the bytes in front of a value, and gives the word with which that begins.
    @inline(__always)
    fileprivate mutating func skip(_ segment: UnsafePointer<Layout.Segment>) -> UInt64? {
        let start = unsafe cursor
        unsafe cursor += Int(segment.pointee.count)
        // One look at the end for all of these words.
        guard _fastPath(unsafe UInt(bitPattern: cursor) <= lastWord) else {
            return unsafe wordBehind(segment, start, end)
        }
        var offset = 0
        while unsafe offset < Int(segment.pointee.wholeWordBytes) {
            guard unsafe load(start + offset) == load(segment.pointee.bytes + offset) else {
                return nil
            }
            offset &+= wordBytes
        }
        let difference = unsafe (load(start + offset) ^ segment.pointee.word) & segment.pointee.mask
        return unsafe difference == 0 ? load(cursor) : nil
    }

    /// Reads a value, and gives the bits of its item.
    ///
    /// - Parameter first: the word at the cursor.
    @inline(__always)
    private mutating func value(
        _ segment: UnsafePointer<Layout.Segment>, _ first: UInt64
    ) -> UInt64? {
        let kind = unsafe segment.pointee.kind
        if _fastPath(kind == .float) { return float(first) }
        if kind == .tag { return unsafe skipTag(first, segment.pointee.following) ? 0 : nil }
        guard let other = unsafe readValue(cursor, end, powersOfTen, kind) else { return nil }
        unsafe cursor = other.end
        return unsafe other.bits
    }

    // MARK: Texts

    /// Steps over plain bytes of well-formed UTF-8. The next segment says what must follow.
    ///
    /// - Parameters:
    ///   - first: the word at the cursor.
    ///   - following: that segment's first byte.
    ///   - stops: the bytes that end the text.
    ///   - plainBits: how many bits of a word certainly belong to it.
    @inline(__always)
    private mutating func skipText(
        _ first: UInt64, _ following: UInt8, _ stops: UInt8, _ plainBits: (UInt64) -> Int
    ) -> Bool {
        let start = unsafe cursor
        var word = first
        var bits = plainBits(word)
        while bits == UInt64.bitWidth {
            unsafe cursor += wordBytes
            word = self.word(0)
            bits = plainBits(word)
        }
        unsafe cursor += bits &>> 3
        if _slowPath(UInt8(truncatingIfNeeded: word &>> UInt64(bits)) != following) {
            guard let stop = unsafe textEnd(start, cursor, end, stops) else { return false }
            unsafe cursor = stop
        }
        return true
    }

    /// Steps over a tag's value, which is not empty.
    @inline(__always)
    private mutating func skipTag(_ first: UInt64, _ following: UInt8) -> Bool {
        let start = unsafe cursor
        return unsafe skipText(first, following, CharacterClass.key, plainBitsOfTag)
            && cursor > start
    }

    @inline(__always)
    fileprivate mutating func skipString() -> Bool {
        skipText(word(0), Byte.quote, CharacterClass.string, plainBitsOfString)
    }

    // MARK: Numbers

    /// Reads digits with at most one point.
    ///
    /// - Parameter first: the word at the cursor.
    @inline(__always)
    private mutating func float(_ first: UInt64) -> UInt64? {
        var word = first
        var sign: UInt64 = 0
        if UInt8(truncatingIfNeeded: word) == Byte.minus {
            sign = 1 << 63
            unsafe cursor += 1
            word = self.word(0)
        }
        let short = ShortDecimal(word)
        if _fastPath(short.count > 0) {
            unsafe cursor += short.count
            let scale = unsafe UnsafeRawPointer(powersOfTen - 1)
                .load(fromByteOffset: short.scaleBits, as: Double.self)
            return (wholeDouble(short.mantissa) / scale).bitPattern | sign
        }
        guard let long = unsafe longFloat(cursor, end, powersOfTen) else { return nil }
        unsafe cursor = long.end
        return unsafe long.magnitude.bitPattern | sign
    }

    /// Reads so few digits that they cannot be out of range.
    @inline(__always)
    fileprivate mutating func integer(mayBeNegative: Bool) -> UInt64? {
        var word = word(0)
        let isNegative = mayBeNegative && UInt8(truncatingIfNeeded: word) == Byte.minus
        if isNegative {
            unsafe cursor += 1
            word = self.word(0)
        }
        let first = unsafe cursor
        var value: UInt64 = 0
        var (digits, bits) = leadingDigits(word)
        while bits == UInt64.bitWidth {
            value = value &* 100_000_000 &+ eightDigitValue(digits)
            unsafe cursor += wordBytes
            (digits, bits) = leadingDigits(self.word(0))
        }
        for place in stride(from: 0, to: UInt64(bits), by: 8) {
            value = value &* 10 &+ (digits &>> place) & 0xf
        }
        unsafe cursor += bits &>> 3
        let count = unsafe cursor - first
        guard count > 0, count <= 18 else { return nil }
        return isNegative ? 0 &- value : value
    }

    // MARK: The end of the line

    /// Reads a timestamp with as many digits as the layout's; where there are more, the line does
    /// not end there.
    ///
    /// - Parameter head: the first eight digits of the last one, which are mostly the same again.
    @inline(__always)
    mutating func timestamp(_ shape: TimestampShape, _ head: inout EightDigits) -> Int64? {
        guard _fastPath(unsafe end - cursor >= shape.digitCount) else { return nil }
        let first = unsafe load(cursor)
        if first != head.word {
            guard let new = eightDigits(first) else { return nil }
            head = EightDigits(word: first, value: new)
        }
        var value = head.value
        // The last word ends where the digits end, for there may be nothing behind them.
        unsafe cursor += shape.digitCount
        let last = unsafe load(cursor - wordBytes) ^ asciiZeros
        var others = nonDigits(last)
        if shape.digitCount >= 2 * wordBytes {
            let middle = unsafe load(cursor - shape.digitCount + wordBytes) ^ asciiZeros
            others |= nonDigits(middle)
            value = value &* 100_000_000 &+ eightDigitValue(middle)
        }
        guard others == 0 else { return nil }
        if shape.restMask != 0 {
            value = value &* shape.restScale &+ eightDigitValue(last & shape.restMask)
        }
        return Int64(exactly: value)
    }

    /// Steps over LF or CR LF.
    ///
    /// - Parameter endCounts: whether the end of what may be read is a line's end as well.
    @inline(__always)
    mutating func skipLineEnd(endCounts: Bool) -> Bool {
        guard unsafe cursor < end else { return endCounts }
        if unsafe cursor.load(as: UInt8.self) != Byte.lineFeed {
            guard unsafe end - cursor >= 2,
                unsafe cursor.load(as: UInt8.self) == Byte.carriageReturn,
                unsafe cursor.load(fromByteOffset: 1, as: UInt8.self) == Byte.lineFeed
            else { return false }
            unsafe cursor += 1
        }
        unsafe cursor += 1
        return true
    }

    // MARK: Bytes

    /// The eight bytes that stand `offset` behind the cursor, the first in the lowest place; NUL
    /// stands for what is behind the end.
    @inline(__always)
    private func word(_ offset: Int) -> UInt64 {
        let place = unsafe cursor + offset
        guard _fastPath(UInt(bitPattern: place) <= lastWord) else {
            return unsafe wordAtEnd(place, end)
        }
        return unsafe load(place)
    }

    @inline(__always)
    private func load(_ place: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: unsafe place.loadUnaligned(as: UInt64.self))
    }

    @inline(__always)
    private func bytes(_ start: UnsafeRawPointer) -> UnsafePointer<UInt8> {
        unsafe start.assumingMemoryBound(to: UInt8.self)
    }
}

// What follows are free functions of plain numbers: the reader's address must not be taken.

/// Reads the tags and fields of a line, and steps over what stands behind them. A function of its own
/// has all registers for the loop.
///
/// - Returns: where the timestamp or the line's end is; nil when the line is not of that layout, or
///   not certainly good.
@inline(never)
func readItems(
    _ start: UnsafeRawPointer, _ end: UnsafeRawPointer, _ powersOfTen: UnsafePointer<Double>,
    _ segments: UnsafePointer<Layout.Segment>, _ last: UnsafePointer<Layout.Segment>,
    into items: UnsafeMutablePointer<Item>
) -> UnsafeRawPointer? {
    var reader = unsafe LayoutReader(start, end: end, powersOfTen)
    var segment = unsafe segments
    var item = unsafe items
    while unsafe segment < last {
        guard unsafe reader.item(segment, into: item) else { return nil }
        unsafe segment += 1
        unsafe item += 1
    }
    return unsafe reader.skip(last) == nil ? nil : reader.cursor
}

/// Reads what is neither a tag nor a float. By itself, for it would take registers from these.
@inline(never)
private func readValue(
    _ start: UnsafeRawPointer, _ end: UnsafeRawPointer, _ powersOfTen: UnsafePointer<Double>,
    _ kind: ItemKind
) -> (bits: UInt64, end: UnsafeRawPointer)? {
    var reader = unsafe LayoutReader(start, end: end, powersOfTen)
    if kind == .string { return reader.skipString() ? unsafe (0, reader.cursor) : nil }
    return unsafe reader.integer(mayBeNegative: kind == .int).map { unsafe ($0, reader.cursor) }
}

/// The bytes behind those of a segment, which begin at `start`; nil when they are others, or when
/// they are not all there.
@inline(never)
private func wordBehind(
    _ segment: UnsafePointer<Layout.Segment>, _ start: UnsafeRawPointer, _ end: UnsafeRawPointer
) -> UInt64? {
    let count = unsafe Int(segment.pointee.count)
    guard unsafe end - start >= count,
        unsafe memcmp(start, segment.pointee.bytes, count) == 0
    else { return nil }
    return unsafe wordAtEnd(start + count, end)
}

/// The bytes from `start` on, of which not all eight are there.
@inline(never)
private func wordAtEnd(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> UInt64 {
    var word: UInt64 = 0
    var place = unsafe end
    while unsafe place > start {
        unsafe place -= 1
        word = unsafe word << 8 | UInt64(place.load(as: UInt8.self))
    }
    return word
}

/// Where a text ends that begins at `start` and is plain up to `cursor`; nil when it is not
/// well-formed UTF-8.
@inline(never)
private func textEnd(
    _ start: UnsafeRawPointer, _ cursor: UnsafeRawPointer, _ end: UnsafeRawPointer, _ stops: UInt8
) -> UnsafeRawPointer? {
    let classes = unsafe Tables.shared.classes
    var stop = unsafe cursor
    var seen: UInt8 = 0
    while unsafe stop < end {
        let byte = unsafe stop.load(as: UInt8.self)
        if unsafe classes[Int(byte)] & stops != 0 { break }
        seen |= byte
        unsafe stop += 1
    }
    let text = unsafe start.assumingMemoryBound(to: UInt8.self)
    guard unsafe seen < 0x80 || isWellFormedUTF8(text, unsafe stop - start) else { return nil }
    return unsafe stop
}

/// Reads a decimal of any length without sign and exponent.
@inline(never)
private func longFloat(
    _ start: UnsafeRawPointer, _ end: UnsafeRawPointer, _ powersOfTen: UnsafePointer<Double>
) -> (magnitude: Double, end: UnsafeRawPointer)? {
    var cursor = unsafe start
    var literal = NumberLiteral(start: 0)
    func digits() -> Int {
        let first = unsafe cursor
        while unsafe cursor < end {
            let digit = unsafe cursor.load(as: UInt8.self) &- Byte.zero
            if digit > 9 { break }
            literal.mantissa = literal.mantissa &* 10 &+ UInt64(digit)
            unsafe cursor += 1
        }
        return unsafe cursor - first
    }
    literal.digitCount = digits()
    if unsafe cursor < end && cursor.load(as: UInt8.self) == Byte.point {
        unsafe cursor += 1
        let count = digits()
        literal.fractionCount = count
        literal.digitCount += count
    }
    guard literal.digitCount > 0 else { return nil }
    let text = unsafe ByteSlice(
        base: start.assumingMemoryBound(to: UInt8.self), count: cursor - start)
    guard let magnitude = unsafe literal.double(text, powersOfTen) else { return nil }
    return unsafe (magnitude, cursor)
}
