/// Reads the values of a line whose layout is known, in so far as they are plain: what it reads is
/// right, what it refuses may be right too.
///
/// Small, local and wholly inlined, so that it lives in registers.
@safe  // Reads `base` only at position ..< end.
struct ValueReader {
    let base: UnsafePointer<UInt8>
    let end: Int
    let classes: UnsafePointer<UInt8>
    let powersOfTen: UnsafePointer<Double>
    var position: Int

    /// Steps over `count` bytes that must be those at `expected`. Whole words are compared, the
    /// last one overlapping the one before; a short one is masked.
    @inline(__always)
    mutating func skip(_ expected: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        guard end &- position >= max(count, 8) else { return count == 0 }
        let actual = unsafe UnsafeRawPointer(base + position)
        let wanted = unsafe UnsafeRawPointer(expected)
        position &+= count
        if count < 8 {
            guard count > 0 else { return true }
            let difference = unsafe word(actual, 0) ^ word(wanted, 0)
            return difference &<< UInt64(truncatingIfNeeded: 64 &- 8 &* count) == 0
        }
        var offset = 0
        while offset &+ 8 < count {
            if unsafe word(actual, offset) != word(wanted, offset) { return false }
            offset &+= 8
        }
        return unsafe word(actual, count &- 8) == word(wanted, count &- 8)
    }

    /// Steps over LF or CR LF.
    @inline(__always)
    mutating func skipLineEnd() -> Bool {
        if position < end, unsafe base[position] == Byte.carriageReturn { position &+= 1 }
        guard position < end, unsafe base[position] == Byte.lineFeed else { return false }
        position &+= 1
        return true
    }

    /// Reads a timestamp that is not negative.
    ///
    /// - Parameter head: the first eight digits of the last one, which are mostly the same again.
    @inline(__always)
    mutating func timestamp(_ head: inout EightDigits) -> Int64? {
        var value: UInt64 = 0
        let first = position
        if end &- position >= 8 {
            let word = unsafe word(UnsafeRawPointer(base), position)
            if word != head.word {
                if let new = eightDigits(word) { head = EightDigits(word: word, value: new) }
            }
            if word == head.word {
                value = head.value
                position &+= 8
            }
        }
        while end &- position >= 8 {
            guard let eight = eightDigits(unsafe word(UnsafeRawPointer(base), position)) else {
                break
            }
            value = value &* 100_000_000 &+ eight
            position &+= 8
        }
        digits(&value)
        guard position > first, position &- first <= 19 else { return nil }
        return Int64(exactly: value)
    }

    /// Steps over plain bytes of well-formed UTF-8. The next segment says what must follow.
    @inline(__always)
    mutating func skipPlain(_ stops: UInt8) -> Bool {
        let start = position
        // Eight at a time, as long as they are ASCII and none of them needs a look.
        while end &- position >= 8 {
            let stop = plainBytes(unsafe word(UnsafeRawPointer(base), position))
            position &+= stop
            if stop < 8 { break }
        }
        var seen: UInt8 = 0
        while position < end {
            let byte = unsafe base[position]
            if unsafe classes[Int(byte)] & stops != 0 { break }
            seen |= byte
            position &+= 1
        }
        return unsafe seen < 0x80 || isWellFormedUTF8(base + start, position &- start)
    }

    /// Reads digits with at most one point.
    @inline(__always)
    mutating func float() -> Double? {
        let isNegative = unsafe position < end && base[position] == Byte.minus
        if isNegative { position &+= 1 }
        if end &- position >= 8 {
            let short = ShortDecimal(unsafe word(UnsafeRawPointer(base), position))
            if short.count > 0 {
                position &+= short.count
                let magnitude = unsafe Double(short.mantissa) / powersOfTen[short.fractionCount]
                return isNegative ? -magnitude : magnitude
            }
        }
        guard let long = unsafe longFloat(base, position, end, powersOfTen) else { return nil }
        position = long.end
        return isNegative ? -long.value : long.value
    }

    /// Reads so few digits that they cannot be out of range.
    @inline(__always)
    mutating func integer(mayBeNegative: Bool) -> UInt64? {
        let isNegative = unsafe mayBeNegative && position < end && base[position] == Byte.minus
        if isNegative { position &+= 1 }
        var value: UInt64 = 0
        let first = position
        digits(&value)
        guard position > first, position &- first <= 18 else { return nil }
        return isNegative ? 0 &- value : value
    }

    @inline(__always)
    mutating func digits(_ value: inout UInt64) {
        while position < end {
            let digit = unsafe base[position] &- Byte.zero
            if digit > 9 { break }
            value = value &* 10 &+ UInt64(digit)
            position &+= 1
        }
    }

    @inline(__always)
    private func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

/// Reads a decimal of any length without sign and exponent. A free function of plain numbers: the
/// reader's address must not be taken.
@inline(never)
private func longFloat(
    _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ powersOfTen: UnsafePointer<Double>
) -> (value: Double, end: Int)? {
    var literal = NumberLiteral(start: start)
    var reader = unsafe ValueReader(
        base: base, end: end, classes: Tables.shared.classes, powersOfTen: powersOfTen,
        position: start)
    reader.digits(&literal.mantissa)
    literal.digitCount = reader.position - start
    if unsafe reader.position < end && base[reader.position] == Byte.point {
        reader.position += 1
        let fraction = reader.position
        reader.digits(&literal.mantissa)
        literal.fractionCount = reader.position - fraction
        literal.digitCount += reader.position - fraction
    }
    guard literal.digitCount > 0 else { return nil }
    let text = unsafe ByteSlice(base: base + start, count: reader.position - start)
    return unsafe literal.double(text, powersOfTen).map { ($0, reader.position) }
}

/// Eight digits as they stand, and their value.
struct EightDigits {
    var word: UInt64 = 0x3030_3030_3030_3030
    var value: UInt64 = 0
}

/// How many of eight bytes are plain wherever a run of plain characters can stand, counted from the
/// lowest up to the first that is not certainly so: letters, digits, and what has no meaning to the
/// grammar. Bytes beyond ASCII need a look.
///
/// The high bit of a byte is set where it is below 0x21, equal to one of the five that mean something,
/// or above 0x7e; a bit above a set one may be wrong, the lowest one is not (Bit Twiddling Hacks,
/// "Determine if a word has a byte less than n").
@inline(__always)
func plainBytes(_ word: UInt64) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    @inline(__always) func equal(_ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference
    }
    let control = (word &- ones &* 0x21) & ~word
    let others =
        control | word | equal(Byte.comma) | equal(Byte.equals) | equal(Byte.backslash)
        | equal(Byte.quote) | equal(0x7f)
    return (others & (ones &* 0x80)).trailingZeroBitCount &>> 3
}
