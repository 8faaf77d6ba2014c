/// A decimal of at most seven bytes with at most one point, read from one word without a loop:
/// lengths that differ from line to line would be guessed wrong again and again.
struct ShortDecimal {
    var mantissa: UInt64 = 0
    /// Eight for each digit behind the point, and eight more: how far the power of ten that they are
    /// divided by stands behind the place before the first one.
    var scaleBits = 8
    var hasPoint = false
    /// Its bytes; 0 when there are no digits, or when it may go on behind the word.
    var count = 0

    var fractionCount: Int { scaleBits / 8 - 1 }

    /// - Parameter word: eight bytes, the first in the lowest place.
    @inline(__always)
    init(_ word: UInt64) {
        let digits = word ^ asciiZeros
        let others = nonDigits(digits)
        guard others != 0 else { return }
        // Where the high bit of the first byte that is no digit is, as all that follow.
        let whole = others.trailingZeroBitCount
        guard UInt8(truncatingIfNeeded: word &>> UInt64(whole & ~7)) == Byte.point else {
            guard whole > 7 else { return }
            mantissa = eightDigitValue(digits &<< UInt64(71 &- whole))
            count = whole &>> 3
            return
        }
        let behind = others & (others &- 1)
        guard behind != 0 else { return }
        let all = behind.trailingZeroBitCount
        guard all > 15 else { return }
        // The point is taken out; then the digits move up, so that zeros stand before them.
        let wholeMask = (1 as UInt64) &<< UInt64(whole & ~7) &- 1
        let joined = (digits & wholeMask) | ((digits &>> 8) & ~wholeMask)
        mantissa = eightDigitValue(joined &<< UInt64(79 &- all))
        scaleBits = all &- whole
        hasPoint = true
        count = all &>> 3
    }
}

/// A whole number below 2^52 as a double. The bits of 2^52 have all places below 1 free for it, exactly;
/// the processor's own conversion waits for what its register held, the last line's quotient.
@inline(__always)
func wholeDouble(_ number: UInt64) -> Double {
    Double(bitPattern: 0x1p52.bitPattern | number) - 0x1p52
}
