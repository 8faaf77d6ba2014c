/// The decimals that sensors send: a sign, up to 16 digits, perhaps a point among them.
///
/// Everything else, be it right or wrong, is left to `DecimalText`, which knows the whole grammar.
struct PlainDecimal {
    /// All digits as one number.
    let mantissa: UInt64
    /// How many of them stand behind the point.
    let fractionDigits: Int
    let isNegative: Bool

    static let digitsMax = 16

    /// Nil says nothing about the text.
    @inline(__always) init?(_ text: Span<UInt8>) {
        let count = text.count
        guard count > 0 else { return nil }
        isNegative = text[0] == UInt8(ascii: "-")
        var index = isNegative ? 1 : 0
        // One more for the point.
        guard count - index <= Self.digitsMax + 1 else { return nil }
        let start = index
        var point = -1
        var mantissa: UInt64 = 0
        while index < count {
            let digit = text[index] &- UInt8(ascii: "0")
            if digit <= 9 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
            } else {
                guard text[index] == UInt8(ascii: "."), point < 0 else { return nil }
                point = index
            }
            index &+= 1
        }
        let digits = count - start - (point < 0 ? 0 : 1)
        guard digits > 0 && digits <= Self.digitsMax else { return nil }
        self.mantissa = mantissa
        fractionDigits = point < 0 ? 0 : count - point - 1
    }

    /// Whether the value surely fits the shape. False only says that it takes a closer look.
    func surelyFits(_ shape: NumericShape?) -> Bool {
        guard let shape else { return true }
        let digitsBeforePoint = shape.precision - shape.scale
        if digitsBeforePoint > Self.digitsMax { return true }
        guard shape.scale >= 0 && digitsBeforePoint >= 0 else { return false }
        // One more, because rounding may carry that far.
        return mantissa / powerOfTen(fractionDigits) + 1 < powerOfTen(digitsBeforePoint)
    }

    /// The value as `numeric` puts it: digits of four decimals each, without zeros at either end.
    func numericForm() -> NumericForm {
        let unit = powerOfTen(fractionDigits)
        let (whole, fraction) = mantissa.quotientAndRemainder(dividingBy: unit)
        let padded = fraction &* powerOfTen(Self.digitsMax - fractionDigits)
        let groups = UInt128(Self.groups(whole)) << 64 | UInt128(Self.groups(padded))
        guard groups != 0 else {
            return NumericForm(header: UInt64(fractionDigits), groups: 0, groupCount: 0)
        }
        let leading = groups.leadingZeroBitCount >> 4
        let trailing = groups.trailingZeroBitCount >> 4
        let count = 8 - leading - trailing
        let weight = UInt16(truncatingIfNeeded: 3 - leading)
        let header =
            UInt64(count) << 48 | UInt64(weight) << 32 | (isNegative ? 0x4000_0000 : 0)
            | UInt64(fractionDigits)
        return NumericForm(
            header: header, groups: groups << UInt128(leading << 4), groupCount: count)
    }

    /// Four groups of four decimals, the first in the highest bits.
    @inline(__always) private static func groups(_ value: UInt64) -> UInt64 {
        let (high, low) = value.quotientAndRemainder(dividingBy: 100_000_000)
        return (high / 10_000) << 48 | (high % 10_000) << 32 | (low / 10_000) << 16
            | (low % 10_000)
    }
}

/// A `numeric` of up to eight groups in wire order, highest bits first.
struct NumericForm {
    /// Group count, weight, sign and scale, 16 bits each.
    let header: UInt64
    /// The groups from the highest bits on.
    let groups: UInt128
    let groupCount: Int
}

/// 10^`exponent`, for 0 to 16.
@inline(__always) private func powerOfTen(_ exponent: Int) -> UInt64 { powersOfTen[exponent] }

private let powersOfTen: InlineArray<17, UInt64> = [
    1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000,
    1_000_000_000_000_000, 10_000_000_000_000_000,
]
