/// How a decimal is cut into the digits of PostgreSQL's `numeric`, each worth 0 to 9999.
///
/// The digits that the text has are sent, and `numeric_recv` rounds them to the column's scale just
/// as `numeric_in` would; here is only found out whether the result will fit.
struct NumericLayout {
    /// Bytes of the value, without COPY's length.
    let byteCount: Int
    private let groupCount: Int
    /// The power of 10,000 of the first group.
    private let weight: Int
    private let scale: Int
    /// The last decimal digit that is sent.
    private let lastDigit: Int

    init(_ text: Span<UInt8>, _ decimal: DecimalText, shape: NumericShape?) throws(Misfit) {
        if let shape, Self.overflows(text, decimal, shape) { throw .outOfRange }
        if shape == nil && decimal.scale > Limits.numericFractionDigitsMax { throw .outOfRange }
        scale = min(decimal.scale, Limits.numericFractionDigitsMax)
        var last = decimal.lastDigit
        if !decimal.isZero {
            // Digits below the smallest place that the server can be told of: a shape cuts them off
            // anyway, and which way it rounds is decided before them.
            let cut = -scale - decimal.power(ofDigit: last)
            if cut > 0 { last -= cut }
        }
        lastDigit = last
        guard !decimal.isZero && last >= decimal.firstDigit else {
            weight = 0
            groupCount = 0
            byteCount = Self.headerSize
            return
        }
        let highest = decimal.power(ofDigit: decimal.firstDigit)
        guard highest < Limits.numericIntegerDigitsMax else { throw .outOfRange }
        weight = highest >> 2
        groupCount = weight - (decimal.power(ofDigit: last) >> 2) + 1
        byteCount = Self.headerSize + 2 * groupCount
    }

    private static let headerSize = 8

    /// Whether the value has too many digits before the point once it is rounded half away from zero,
    /// as the server rounds it.
    private static func overflows(
        _ text: Span<UInt8>, _ decimal: DecimalText, _ shape: NumericShape
    ) -> Bool {
        guard !decimal.isZero else { return false }
        let highest = decimal.power(ofDigit: decimal.firstDigit)
        let digitsBeforePoint = shape.precision - shape.scale
        if highest != digitsBeforePoint - 1 { return highest >= digitsBeforePoint }
        // Only 9…9 with a 5 or more behind it grows by a digit.
        let rounding = decimal.firstDigit + shape.precision
        guard rounding <= decimal.lastDigit else { return false }
        for digit in decimal.firstDigit..<rounding
        where text[decimal.offset(ofDigit: digit)] != UInt8(ascii: "9") {
            return false
        }
        return text[decimal.offset(ofDigit: rounding)] >= UInt8(ascii: "5")
    }

    /// Writes the value.
    func write(
        _ text: Span<UInt8>, _ decimal: DecimalText, to target: UnsafeMutableRawBufferPointer
    ) {
        precondition(target.count == byteCount)
        let isNegative = decimal.isNegative && groupCount > 0
        unsafe Self.put(UInt16(groupCount), target, 0)
        unsafe Self.put(UInt16(bitPattern: Int16(weight)), target, 2)
        unsafe Self.put(isNegative ? 0x4000 : 0, target, 4)
        unsafe Self.put(UInt16(scale), target, 6)
        guard groupCount > 0 else { return }
        var offset = Self.headerSize
        var power = decimal.power(ofDigit: decimal.firstDigit)
        var group: UInt16 = 0
        for digit in decimal.firstDigit...lastDigit {
            let value = text[decimal.offset(ofDigit: digit)] &- UInt8(ascii: "0")
            group = group &* 10 &+ UInt16(value)
            if power & 3 == 0 {
                unsafe Self.put(group, target, offset)
                offset += 2
                group = 0
            }
            power -= 1
        }
        // The last group ends at a power that four divides; the digits that lack are zeros.
        let missing = (power + 1) & 3
        if missing != 0 {
            for _ in 0..<missing { group = group &* 10 }
            unsafe Self.put(group, target, offset)
        }
    }

    private static func put(_ value: UInt16, _ target: UnsafeMutableRawBufferPointer, _ offset: Int)
    {
        unsafe target.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }
}
