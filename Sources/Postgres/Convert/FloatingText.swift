import Glibc

extension Double {
    /// Reads a decimal, rounded correctly. As in PostgreSQL, subnormal numbers are numbers, and what
    /// is not zero but would become zero or infinite is out of range.
    package init(decimal text: Span<UInt8>) throws(Misfit) {
        // Up to 16 digits; those below 2^53 and the power of ten are exact.
        if let plain = PlainDecimal(text), plain.mantissa < 1 << 53 {
            let value = Double(plain.mantissa) / powersOfTen[plain.fractionDigits]
            self = plain.isNegative ? -value : value
            return
        }
        let decimal = try DecimalText(text)
        if let value = Double.exact(text, decimal) {
            self = decimal.isNegative ? -value : value
            return
        }
        let value = unsafe try roundedOnce(text, decimal) { unsafe strtod($0, nil) }
        if value == 0 || value.isInfinite { throw .outOfRange }
        self = decimal.isNegative ? -value : value
    }

    /// Both the digits and the power of ten are exact as Double, so one division or multiplication
    /// rounds once. Nil: not so simple.
    private static func exact(_ text: Span<UInt8>, _ decimal: DecimalText) -> Double? {
        if decimal.isZero { return 0 }
        guard let digits = smallMantissa(text, decimal, below: 1 << 53) else { return nil }
        let power = decimal.power(ofDigit: decimal.lastDigit)
        guard abs(power) <= 22 else { return nil }
        return power < 0
            ? Double(digits) / powersOfTen[-power] : Double(digits) * powersOfTen[power]
    }
}

extension Float {
    /// Reads a decimal, rounded correctly and only once; limits as for Double.
    package init(decimal text: Span<UInt8>) throws(Misfit) {
        let decimal = try DecimalText(text)
        if let value = Float.exact(text, decimal) {
            self = decimal.isNegative ? -value : value
            return
        }
        let value = unsafe try roundedOnce(text, decimal) { unsafe strtof($0, nil) }
        if value == 0 || value.isInfinite { throw .outOfRange }
        self = decimal.isNegative ? -value : value
    }

    private static func exact(_ text: Span<UInt8>, _ decimal: DecimalText) -> Float? {
        if decimal.isZero { return 0 }
        guard let digits = smallMantissa(text, decimal, below: 1 << 24) else { return nil }
        let power = decimal.power(ofDigit: decimal.lastDigit)
        guard abs(power) <= 10 else { return nil }
        return power < 0
            ? Float(digits) / Float(powersOfTen[-power]) : Float(digits) * Float(powersOfTen[power])
    }
}

/// 10^0 … 10^22: those that Double holds exactly.
private let powersOfTen: InlineArray<23, Double> = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]

/// The digits from the first to the last that is not zero as one number, when it is below `limit`.
private func smallMantissa(
    _ text: Span<UInt8>, _ decimal: DecimalText, below limit: UInt64
) -> UInt64? {
    guard decimal.lastDigit - decimal.firstDigit < 18 else { return nil }
    var value: UInt64 = 0
    for digit in decimal.firstDigit...decimal.lastDigit {
        let unit = text[decimal.offset(ofDigit: digit)] &- UInt8(ascii: "0")
        value = value &* 10 &+ UInt64(unit)
    }
    return value < limit ? value : nil
}

/// Hands the C library a copy of bounded length that rounds the same way: `.digits e power`.
///
/// Danger: the C library reads the decimal point of the process's locale. Nothing may call
/// `setlocale` here; a Swift program starts with the locale that has the point.
private func roundedOnce<Value>(
    _ text: Span<UInt8>, _ decimal: DecimalText, _ parse: (UnsafePointer<CChar>) -> Value
) throws(Misfit) -> Value {
    let highest = decimal.power(ofDigit: decimal.firstDigit)
    guard abs(highest) < 400 else { throw .outOfRange }
    return unsafe withUnsafeTemporaryAllocation(
        of: CChar.self, capacity: Limits.doubleDigitsMax + 16
    ) { buffer in
        var count = 0
        func add(_ byte: UInt8) {
            unsafe buffer[count] = CChar(byte)
            count += 1
        }
        add(UInt8(ascii: "."))
        let cut = decimal.firstDigit + Limits.doubleDigitsMax
        for digit in decimal.firstDigit...min(decimal.lastDigit, cut - 1) {
            add(text[decimal.offset(ofDigit: digit)])
        }
        // Whatever is cut off only says "a little more".
        if decimal.lastDigit >= cut { add(UInt8(ascii: "1")) }
        add(UInt8(ascii: "e"))
        let power = highest + 1
        if power < 0 { add(UInt8(ascii: "-")) }
        for unit in [100, 10, 1] { add(UInt8(ascii: "0") + UInt8(abs(power) / unit % 10)) }
        unsafe buffer[count] = 0
        return unsafe parse(buffer.baseAddress!)
    }
}
