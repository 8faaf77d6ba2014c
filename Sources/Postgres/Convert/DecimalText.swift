/// The layout of a decimal number in its text: `[+-]digits[.digits][e[+-]digits]`, with at least one
/// digit before or after the point. What `numeric_in` takes, but for blanks around it.
struct DecimalText {
    /// Digits before the point.
    let integerDigits: Int
    /// Digits after the point.
    let fractionDigits: Int
    let exponent: Int
    let isNegative: Bool
    /// Where the first digit stands, or the point when no digit is before it.
    let start: Int
    /// Which digits are the first and the last that are not zero, counted from the first digit on;
    /// -1 for zero.
    let firstDigit: Int
    let lastDigit: Int

    init(_ text: Span<UInt8>) throws(Misfit) {
        var index = 0
        isNegative = !text.isEmpty && text[0] == UInt8(ascii: "-")
        if !text.isEmpty && (isNegative || text[0] == UInt8(ascii: "+")) { index = 1 }
        start = index
        var first = -1
        var last = -1
        index = Self.skipDigits(text, from: index, digit: 0, &first, &last)
        integerDigits = index - start
        var fractionDigits = 0
        if index < text.count && text[index] == UInt8(ascii: ".") {
            let end = Self.skipDigits(
                text, from: index + 1, digit: integerDigits, &first, &last)
            fractionDigits = end - index - 1
            index = end
        }
        self.fractionDigits = fractionDigits
        firstDigit = first
        lastDigit = last
        guard integerDigits + fractionDigits > 0 else { throw Self.complaint(text, start) }
        exponent = try Self.readExponent(text, from: index)
    }

    var isZero: Bool { firstDigit < 0 }

    /// The power of ten that the digit stands for.
    func power(ofDigit digit: Int) -> Int { integerDigits - 1 - digit + exponent }

    /// Digits after the point that PostgreSQL remembers of this literal, zeros included.
    var scale: Int { max(0, fractionDigits - exponent) }

    /// Where the digit stands in the text.
    @inline(__always) func offset(ofDigit digit: Int) -> Int {
        start + digit + (digit >= integerDigits ? 1 : 0)
    }

    /// Walks over digits and notes which are not zero.
    @inline(__always) private static func skipDigits(
        _ text: Span<UInt8>, from: Int, digit: Int, _ first: inout Int, _ last: inout Int
    ) -> Int {
        var index = from
        while index < text.count {
            let value = text[index] &- UInt8(ascii: "0")
            if value > 9 { break }
            if value != 0 {
                last = digit + index - from
                if first < 0 { first = last }
            }
            index += 1
        }
        return index
    }

    private static func readExponent(_ text: Span<UInt8>, from: Int) throws(Misfit) -> Int {
        guard from < text.count else { return 0 }
        guard text[from] | 0x20 == UInt8(ascii: "e"), from + 1 < text.count else {
            throw .notANumber
        }
        var index = from + 1
        let isNegative = text[index] == UInt8(ascii: "-")
        if isNegative || text[index] == UInt8(ascii: "+") { index += 1 }
        guard index < text.count else { throw .notANumber }
        var value = 0
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { throw .notANumber }
            // Saturates far beyond every limit.
            value = min(value * 10 + Int(digit), Int(Int32.max))
            index += 1
        }
        guard value < Limits.numericExponentMax else { throw .outOfRange }
        return isNegative ? -value : value
    }

    /// Tells a number that is none from one that is not finite.
    private static func complaint(_ text: Span<UInt8>, _ start: Int) -> Misfit {
        let isName =
            matches(text, from: start, "nan") || matches(text, from: start, "inf")
            || matches(text, from: start, "infinity")
        return isName ? .notFinite : .notANumber
    }
}

/// Whether the rest of the text is this word, in upper or lower case.
func matches(_ text: Span<UInt8>, from start: Int, _ word: StaticString) -> Bool {
    guard text.count - start == word.utf8CodeUnitCount else { return false }
    for index in 0..<word.utf8CodeUnitCount {
        let letter = unsafe word.utf8Start[index]
        if text[start + index] | 0x20 != letter { return false }
    }
    return true
}
