import Glibc

/// A number as it was scanned, before it is known what it means.
struct NumberLiteral {
    /// No exponent needs to be larger: no line has as many digits.
    static let exponentMax = 1 << 40

    /// Where it begins, its sign included.
    let start: Int
    var isNegative = false
    /// All digits in a row, without the point, modulo 2^64.
    var mantissa: UInt64 = 0
    /// Digits before and behind the point.
    var digitCount = 0
    /// Digits behind the point; nil without a point.
    var fractionCount: Int?
    /// The exponent as it was written.
    var exponent = 0
}

extension NumberLiteral {
    /// The double nearest to the literal, whose bytes are `text`; nil when it is out of range.
    @inline(__always)
    func double(_ text: ByteSlice, _ powersOfTen: UnsafePointer<Double>) -> Double? {
        let power = exponent - (fractionCount ?? 0)
        // Clinger's case: both numbers are exact doubles, so one operation rounds once.
        if digitCount <= 19, mantissa <= 1 << 53, power >= -22, power <= 22 {
            let whole = Double(mantissa)
            let magnitude =
                unsafe power < 0
                ? whole / powersOfTen[-power] : whole * powersOfTen[power]
            return isNegative ? -magnitude : magnitude
        }
        return unsafe slowDouble(text, power, powersOfTen)
    }

    @inline(never)
    private func slowDouble(
        _ text: ByteSlice, _ power: Int, _ powersOfTen: UnsafePointer<Double>
    ) -> Double? {
        if digitCount <= 19, let magnitude = unsafe extendedDouble(power, powersOfTen) {
            return isNegative ? -magnitude : magnitude
        }
        let double = decimalDouble(text, power)
        return double.isFinite ? double : nil
    }

    /// One operation on 64-bit mantissas, when rounding its result again to 53 bits is harmless.
    ///
    /// Mantissa and power are exact, so the quotient (or product) is rounded once, to 64 bits.
    /// Rounding twice only goes wrong when the first result lies exactly between two doubles;
    /// then, and where there is no such type, this gives nil.
    private func extendedDouble(
        _ power: Int, _ powersOfTen: UnsafePointer<Double>
    ) -> Double? {
        #if arch(x86_64)
            // 10 to the 27 is the largest power whose mantissa has 64 bits. All results are
            // normal numbers.
            guard power >= -27, power <= 27, mantissa != 0 else { return nil }
            let scale = unsafe extendedPowerOfTen(abs(power), powersOfTen)
            let result = power < 0 ? Float80(mantissa) / scale : Float80(mantissa) * scale
            let half: UInt64 = 1 << 10
            guard result.significandBitPattern & (half * 2 - 1) != half else { return nil }
            return Double(result)
        #else
            return nil
        #endif
    }

    #if arch(x86_64)
        /// 10 to the 0 ... 27 exactly.
        private func extendedPowerOfTen(
            _ exponent: Int, _ powersOfTen: UnsafePointer<Double>
        ) -> Float80 {
            var scale = Float80(unsafe powersOfTen[min(exponent, 22)])
            if exponent > 22 { scale *= Float80(unsafe powersOfTen[exponent - 22]) }
            return scale
        }
    #endif

    /// Hands the literal's digits to `strtod`, as a whole number with an exponent: no point, so
    /// that the locale has no say, and of bounded length.
    private func decimalDouble(_ text: ByteSlice, _ power: Int) -> Double {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Limits.floatCopyBytes) {
            copy in
            var count = 0
            func put(_ byte: UInt8) {
                unsafe copy[count] = CChar(bitPattern: byte)
                count += 1
            }
            var digits = 0
            var power = power
            var hasMore = false
            for index in 0..<Int(text.count) {
                let byte = text[index]
                if byte | 0x20 == UInt8(ascii: "e") { break }
                if byte == Byte.minus { put(byte) }
                guard byte &- Byte.zero <= 9, digits > 0 || byte != Byte.zero else { continue }
                if digits < Limits.floatDigits {
                    put(byte)
                    digits += 1
                } else {
                    hasMore = hasMore || byte != Byte.zero
                    power += 1
                }
            }
            if digits == 0 { put(Byte.zero) }
            if hasMore {
                // Anything above zero does: it only breaks a tie between two doubles.
                put(UInt8(ascii: "1"))
                power -= 1
            }
            put(UInt8(ascii: "e"))
            // Beyond this every number is 0 or infinite, with any digits in front.
            let bound = 2 * Limits.floatDigits
            power = max(-bound, min(power, bound))
            if power < 0 { put(Byte.minus) }
            var unit = 1000
            while unit > 0 {
                put(Byte.zero + UInt8(abs(power) / unit % 10))
                unit /= 10
            }
            put(0)
            return unsafe strtod(copy.baseAddress!, nil)
        }
    }
}
