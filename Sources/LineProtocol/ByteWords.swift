/// Eight bytes at a time in one word, the first in the lowest place.

let wordBytes = MemoryLayout<UInt64>.size

@usableFromInline let ones: UInt64 = 0x0101_0101_0101_0101
@usableFromInline let highBits: UInt64 = 0x8080_8080_8080_8080
/// Eight ASCII zeros.
@usableFromInline let asciiZeros: UInt64 = 0x3030_3030_3030_3030

// MARK: Digits

/// Eight digits as they stand, and their value.
struct EightDigits {
    var word = asciiZeros
    var value: UInt64 = 0
}

/// The value of eight ASCII digits; nil when one is no digit.
@inline(__always)
func eightDigits(_ word: UInt64) -> UInt64? {
    let digits = word ^ asciiZeros
    return nonDigits(digits) == 0 ? eightDigitValue(digits) : nil
}

/// The value of eight digits 0 ... 9, one in each byte.
@inlinable @inline(__always)
func eightDigitValue(_ digits: UInt64) -> UInt64 {
    // Neighbours are joined to two digits, then to four, then to eight.
    let twos = ((digits &* (10 << 8 | 1)) &>> 8) & 0x00ff_00ff_00ff_00ff
    let fours = ((twos &* (100 << 16 | 1)) &>> 16) & 0x0000_ffff_0000_ffff
    return (fours &* (10_000 << 32 | 1)) &>> 32
}

/// The high bit of each byte that is no digit, counted from the lowest up to the first; above it
/// some may be wrong. A point carries nothing over: the first one behind it is right again.
///
/// - Parameter digits: bytes exclusive-or `asciiZeros`, so that digits are 0 ... 9.
@inlinable @inline(__always)
func nonDigits(_ digits: UInt64) -> UInt64 {
    ((digits &+ ones &* 0x76) | digits) & highBits
}

/// The digits at the beginning of a word, 0 ... 9 in each byte, and how many bits they take.
@inline(__always)
func leadingDigits(_ word: UInt64) -> (digits: UInt64, bits: Int) {
    let digits = word ^ asciiZeros
    return (digits, nonDigits(digits).trailingZeroBitCount & ~7)
}

// MARK: Texts

// The high bit of a byte is set where the byte is one of those that are looked for; a bit above a
// set one may be wrong, the lowest one is not (Bit Twiddling Hacks, "Determine if a word has a byte
// less than n").

/// How many bits of a word are plain in a tag's value, counted from the lowest byte up to the
/// first that is not certainly so: letters, digits, and most else from `-` on.
@inline(__always)
func plainBitsOfTag(_ word: UInt64) -> Int {
    // Bytes beyond ASCII have the high bit by themselves, and DEL has it when one is added.
    let others =
        (word &- ones &* UInt64(Byte.minus)) | word | (word &+ ones) | equal(word, Byte.equals)
        | equal(word, Byte.backslash)
    return (others & highBits).trailingZeroBitCount & ~7
}

/// The same in a string.
@inline(__always)
func plainBitsOfString(_ word: UInt64) -> Int {
    let others =
        word | equal(word, 0) | equal(word, Byte.lineFeed) | equal(word, Byte.quote)
        | equal(word, Byte.backslash)
    return (others & highBits).trailingZeroBitCount & ~7
}

/// The high bit of each byte that is this one; of bytes beyond ASCII it says nothing.
@inline(__always)
private func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let difference = word ^ (ones &* UInt64(byte))
    return (difference &- ones) & ~difference
}
