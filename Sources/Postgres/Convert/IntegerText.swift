// Concrete types, for what is generic is not specialised in other modules.

extension Int64 {
    /// Reads a whole number; `5.0` and `1e3` are whole, `5.5` is not.
    @inlinable @inline(__always)
    public init(decimal text: Span<UInt8>) throws(Misfit) {
        if let value = readPlainInt64(text) {
            self = value
        } else {
            self = try readInt64(text)
        }
    }
}

extension Int32 {
    /// Reads a whole number; `5.0` and `1e3` are whole, `5.5` is not.
    package init(decimal text: Span<UInt8>) throws(Misfit) {
        guard let value = Int32(exactly: try Int64(decimal: text)) else { throw .outOfRange }
        self = value
    }
}

extension Int16 {
    /// Reads a whole number; `5.0` and `1e3` are whole, `5.5` is not.
    package init(decimal text: Span<UInt8>) throws(Misfit) {
        guard let value = Int16(exactly: try Int64(decimal: text)) else { throw .outOfRange }
        self = value
    }
}

/// Digits that never leave the range of Int64, whatever they are.
@usableFromInline let safeDigits = 18

@usableFromInline func readInt64(_ text: Span<UInt8>) throws(Misfit) -> Int64 {
    let decimal = try DecimalText(text)
    if decimal.isZero { return 0 }
    if decimal.power(ofDigit: decimal.lastDigit) < 0 { throw .notAnInteger }
    // More than 10^19 is too much, and the loop below must not run for a million zeros.
    let highest = decimal.power(ofDigit: decimal.firstDigit)
    if highest > safeDigits { throw .outOfRange }
    var value: Int64 = 0
    // Negative numbers reach one further, so the sum is made of negative digits.
    for digit in decimal.firstDigit...(decimal.firstDigit + highest) {
        var unit: UInt8 = 0
        if digit <= decimal.lastDigit {
            unit = text[decimal.offset(ofDigit: digit)] &- UInt8(ascii: "0")
        }
        let (tens, carryA) = value.multipliedReportingOverflow(by: 10)
        let (next, carryB) = tens.subtractingReportingOverflow(Int64(unit))
        if carryA || carryB { throw .outOfRange }
        value = next
    }
    if decimal.isNegative { return value }
    if value == .min { throw .outOfRange }
    return -value
}

/// The usual case: a sign and few digits. Nil says nothing about the text.
@inlinable @inline(__always) func readPlainInt64(_ text: Span<UInt8>) -> Int64? {
    guard !text.isEmpty else { return nil }
    let isNegative = text[0] == UInt8(ascii: "-")
    let start = isNegative ? 1 : 0
    guard text.count > start && text.count - start <= safeDigits else { return nil }
    var value: Int64 = 0
    for index in start..<text.count {
        let digit = text[index] &- UInt8(ascii: "0")
        if digit > 9 { return nil }
        value = value &* 10 &+ Int64(digit)
    }
    return isNegative ? -value : value
}
