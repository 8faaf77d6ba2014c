import Glibc

/// Times in the files of rejects: RFC 3339, UTC, microseconds.
struct RejectsTime {
    /// `2026-08-01T12:00:00.`, as it was for the last second.
    private var secondText: [UInt8] = Array(repeating: 0, count: 20)
    private var second = Int64.min

    static let length = 27

    /// Appends `2026-08-01T12:00:00.123456Z`. Most lines come in the same second as the one before.
    mutating func append(_ nanoseconds: Int64, to buffer: inout RejectsBuffer) {
        let second = floorDivide(nanoseconds, 1_000_000_000)
        if second != self.second {
            self.second = second
            write(second)
        }
        buffer.append(secondText)
        // Wraps twice for the very first second, and is right again.
        let rest = nanoseconds &- second &* 1_000_000_000
        buffer.append(decimal: UInt64(rest / 1_000), width: 6)
        buffer.append(UInt8(ascii: "Z"))
    }

    private mutating func write(_ second: Int64) {
        let days = floorDivide(second, 86_400)
        let (year, month, day) = civil(days: days)
        let clock = second - days * 86_400
        // Years of more than four digits cannot come: 64 bits of nanoseconds end in 2262.
        put(year, 4, at: 0, then: "-")
        put(month, 2, at: 5, then: "-")
        put(day, 2, at: 8, then: "T")
        put(clock / 3600, 2, at: 11, then: ":")
        put(clock / 60 % 60, 2, at: 14, then: ":")
        put(clock % 60, 2, at: 17, then: ".")
    }

    private mutating func put(_ value: Int64, _ width: Int, at start: Int, then mark: UInt8) {
        var rest = value
        for index in (start..<start + width).reversed() {
            secondText[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        secondText[start + width] = mark
    }

    private mutating func put(
        _ value: Int64, _ width: Int, at start: Int, then mark: Unicode.Scalar
    ) {
        put(value, width, at: start, then: UInt8(ascii: mark))
    }

    /// Nanoseconds since 1970 of a text that `append` wrote; nil for any other.
    static func parse(_ text: some Collection<UInt8>) -> Int64? {
        let bytes = Array(text)
        guard bytes.count == length, bytes[10] == UInt8(ascii: "T"), bytes[26] == UInt8(ascii: "Z")
        else { return nil }
        let places = [(0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2), (20, 6)]
        let numbers = places.compactMap { Int64(digits: bytes[$0..<$0 + $1]) }
        guard numbers.count == places.count, (1...12).contains(numbers[1]) else { return nil }
        let days = dayNumber(year: numbers[0], month: numbers[1], day: numbers[2])
        let seconds = days * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isTooLate) = nanoseconds.addingReportingOverflow(numbers[6] * 1_000)
        return overflow || isTooLate ? nil : sum
    }

    /// As `append` writes it, for people.
    static func text(_ nanoseconds: Int64) -> String {
        var buffer = RejectsBuffer(capacity: length)
        var time = RejectsTime()
        time.append(nanoseconds, to: &buffer)
        return unsafe buffer.withBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

/// Nanoseconds since 1970 in UTC.
package func currentNanoseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}

extension FixedWidthInteger {
    /// From decimal digits and nothing else; nil when they are too many.
    init?(digits bytes: some Collection<UInt8>) {
        guard !bytes.isEmpty else { return nil }
        var value: Self = 0
        for byte in bytes {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (next, second) = tens.addingReportingOverflow(Self(digit))
            guard !first, !second else { return nil }
            value = next
        }
        self = value
    }
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
}

/// The date of a day counted from 1970-01-01 (proleptic Gregorian calendar; the eras have 400 years
/// and begin in March, so that the leap day is their years' last one).
private func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

/// The day of a date, counted from 1970-01-01.
private func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = floorDivide(shiftedYear, 400)
    let yearOfEra = shiftedYear - era * 400
    let shiftedMonth = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}
