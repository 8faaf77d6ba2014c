import Postgres

/// Decimal texts as sensors send them, with the whole number that each is a fraction of.
private struct Decimals {
    struct Value {
        let mantissa: Int
        let fractionDigits: Int
        let text: Range<Int>
    }

    static let count = 4096
    private(set) var values: [Value] = []
    private(set) var bytes: [UInt8] = []

    /// Up to four digits before the point and up to four behind it.
    init() {
        var state: UInt64 = 1
        var text = LineText(capacity: Self.count * 10)
        for _ in 0..<Self.count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let integerDigits = 1 + Int(state >> 40) % 4
            let fractionDigits = Int(state >> 48) % 5
            let magnitude = Int(state >> 33) % powerOfTen(integerDigits + fractionDigits)
            let isNegative = state >> 60 == 0 && magnitude > 0
            let start = text.bytes.count
            if isNegative { text.put("-") }
            text.putDecimal(magnitude, fractionDigits: fractionDigits)
            values.append(
                Value(
                    mantissa: isNegative ? -magnitude : magnitude, fractionDigits: fractionDigits,
                    text: start..<text.bytes.count))
        }
        bytes = text.bytes
    }
}

/// Encodes decimal texts as `numeric`.
final class NumericWorkload: Workload {
    private static let shape = NumericShape(precision: 10, scale: 4)
    /// Count of columns, length, header and at most two groups.
    private static let rowBytesMax = 2 + 4 + 8 + 4

    private let decimals = Decimals()
    private let expected: [UInt64]
    private var rows = CopyRows(
        byteLimit: Decimals.count * rowBytesMax + 64, rowLimit: Decimals.count)

    init() {
        var bytes = RowBytes()
        for value in decimals.values {
            bytes.put(Int16(1))
            bytes.putNumeric(value.mantissa, fractionDigits: value.fractionDigits)
            bytes.endRow()
        }
        expected = bytes.sums
    }

    var period: Int { Decimals.count }

    func run(units: Int) -> UInt64 {
        inPeriods(units, of: period) { count in
            rows.removeAll()
            Self.encode(decimals, count, into: &rows)
            let sum = rows.wordSum()
            precondition(sum == expected[count], "the numbers' bytes are wrong")
            return sum
        }
    }

    private static func encode(_ decimals: Decimals, _ count: Int, into rows: inout CopyRows) {
        let bytes = decimals.bytes.span
        let values = decimals.values.span
        for index in 0..<count {
            rows.beginRow(columnCount: 1)
            let text = bytes.extracting(values[index].text)
            do throws(Misfit) {
                try rows.appendNumeric(text, shape: shape)
            } catch {
                preconditionFailure("the number does not fit")
            }
            let fits = rows.endRow()
            precondition(fits)
        }
    }
}

extension RowBytes {
    /// A `numeric` of at most four digits before the point and at most four behind it.
    fileprivate mutating func putNumeric(_ mantissa: Int, fractionDigits: Int) {
        let scaled = abs(mantissa) * powerOfTen(4 - fractionDigits)
        var groups = [scaled / 10_000, scaled % 10_000]
        var weight = 0
        while groups.last == 0 { groups.removeLast() }
        if groups.first == 0 {
            groups.removeFirst()
            weight = -1
        }
        put(Int32(8 + 2 * groups.count))
        put(Int16(groups.count))
        put(Int16(weight))
        put(UInt16(mantissa < 0 ? 0x4000 : 0))
        put(Int16(fractionDigits))
        for group in groups { put(Int16(group)) }
    }
}

/// Converts decimal texts to `Double`.
final class DoubleWorkload: Workload {
    private let decimals = Decimals()
    /// The sum of the first so many values' bit patterns.
    private let expected: [UInt64]

    init() {
        var sums: [UInt64] = [0]
        for value in decimals.values {
            let number = Double(value.mantissa) / Double(powerOfTen(value.fractionDigits))
            sums.append(sums[sums.count - 1] &+ number.bitPattern)
        }
        expected = sums
    }

    var period: Int { Decimals.count }

    func run(units: Int) -> UInt64 {
        inPeriods(units, of: period) { count in
            let sum = Self.convert(decimals, count)
            precondition(sum == expected[count], "a number is wrong")
            return sum
        }
    }

    private static func convert(_ decimals: Decimals, _ count: Int) -> UInt64 {
        let bytes = decimals.bytes.span
        let values = decimals.values.span
        var sum: UInt64 = 0
        for index in 0..<count {
            do throws(Misfit) {
                sum &+= try Double(decimal: bytes.extracting(values[index].text)).bitPattern
            } catch {
                preconditionFailure("the number cannot be read")
            }
        }
        return sum
    }
}
