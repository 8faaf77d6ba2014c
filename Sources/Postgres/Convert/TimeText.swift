extension Microseconds {
    /// Reads ISO 8601 and RFC 3339: a date, and behind `T` or a blank a time with or without seconds,
    /// fraction and zone; or `infinity` with or without sign.
    ///
    /// Without a zone it is UTC. Unlike the server, a zone also counts for a `timestamp` column: the
    /// value is an instant, and such a column then holds it in UTC. A fraction finer than
    /// microseconds is rounded to the nearest, as the server does it with text.
    ///
    /// - Returns: the instant, and whether it had to be rounded.
    package static func read(
        _ text: Span<UInt8>
    ) throws(Misfit) -> (instant: Microseconds, isCut: Bool) {
        if let sign = infinitySign(text) { return (sign > 0 ? infinity : minusInfinity, false) }
        var scanner = TimeScanner()
        guard let day = scanner.readDay(text) else { throw .notATime }
        var time = TimeOfDay(microseconds: 0, isCut: false)
        var zone = 0
        if scanner.index < text.count {
            guard scanner.readSeparator(text), let found = try scanner.readTime(text),
                let offset = scanner.readZone(text), scanner.index == text.count
            else { throw .notATime }
            time = found
            zone = offset
        }
        guard day.year <= yearMax + 1 else { throw .outOfRange }
        let value =
            Int64(day.sinceEpoch) * perDay + time.microseconds - Int64(zone) * perSecond
        guard value < end else { throw .outOfRange }
        return (Microseconds(sinceEpoch: value), time.isCut)
    }

    private static let yearMax = 294_276
    /// The first microsecond of the year 294277.
    private static let end: Int64 = 9_223_371_331_200_000_000
}

extension Days {
    /// Reads `YYYY-MM-DD` of the years 1 to 5874897, or `infinity` with or without sign.
    package init(_ text: Span<UInt8>) throws(Misfit) {
        if let sign = infinitySign(text) {
            self = sign > 0 ? .infinity : .minusInfinity
            return
        }
        var scanner = TimeScanner()
        guard let day = scanner.readDay(text), scanner.index == text.count else {
            throw .notADate
        }
        guard day.year <= Self.yearMax else { throw .outOfRange }
        sinceEpoch = Int32(day.sinceEpoch)
    }

    private static let yearMax = 5_874_897
}

/// 1 or -1 for an infinity, else nil.
private func infinitySign(_ text: Span<UInt8>) -> Int? {
    if matches(text, from: 0, "infinity") { return 1 }
    guard !text.isEmpty, matches(text, from: 1, "infinity") else { return nil }
    switch text[0] {
    case UInt8(ascii: "+"): return 1
    case UInt8(ascii: "-"): return -1
    default: return nil
    }
}

struct TimeOfDay {
    let microseconds: Int64
    let isCut: Bool
}

/// Walks over the text of a date and time. Every method leaves `index` behind what it has read.
struct TimeScanner {
    private(set) var index = 0

    private func peek(_ text: Span<UInt8>) -> UInt8 { index < text.count ? text[index] : 0 }

    private mutating func take(_ text: Span<UInt8>, _ byte: UInt8) -> Bool {
        guard peek(text) == byte else { return false }
        index += 1
        return true
    }

    /// Reads from `least` to `most` digits.
    private mutating func readNumber(_ text: Span<UInt8>, _ least: Int, _ most: Int) -> Int? {
        let start = index
        var value = 0
        while index < text.count && index - start < most {
            let digit = text[index] &- UInt8(ascii: "0")
            if digit > 9 { break }
            value = value * 10 + Int(digit)
            index += 1
        }
        return index - start >= least ? value : nil
    }

    mutating func readDay(_ text: Span<UInt8>) -> CalendarDay? {
        guard let year = readNumber(text, 4, 7), take(text, UInt8(ascii: "-")),
            let month = readNumber(text, 2, 2), take(text, UInt8(ascii: "-")),
            let day = readNumber(text, 2, 2)
        else { return nil }
        return CalendarDay(year: year, month: month, day: day)
    }

    mutating func readSeparator(_ text: Span<UInt8>) -> Bool {
        take(text, UInt8(ascii: "T")) || take(text, UInt8(ascii: "t")) || take(text, 0x20)
    }

    /// Reads `HH:MM[:SS[.fraction]]`. 24:00 is the end of the day, and second 60 the next minute.
    mutating func readTime(_ text: Span<UInt8>) throws(Misfit) -> TimeOfDay? {
        guard let hour = readNumber(text, 2, 2), take(text, UInt8(ascii: ":")),
            let minute = readNumber(text, 2, 2)
        else { return nil }
        var second = 0
        var fraction: (value: Int64, isCut: Bool) = (0, false)
        if take(text, UInt8(ascii: ":")) {
            guard let seconds = readNumber(text, 2, 2) else { return nil }
            second = seconds
            if peek(text) == UInt8(ascii: ".") || peek(text) == UInt8(ascii: ",") {
                guard let found = readFraction(text) else { return nil }
                fraction = found
            }
        }
        guard hour <= 24, minute <= 59, second <= 60 else { throw .outOfRange }
        let seconds = Int64(hour * 3600 + minute * 60 + second)
        let value = seconds * Microseconds.perSecond + fraction.value
        guard value <= Microseconds.perDay else { throw .outOfRange }
        return TimeOfDay(microseconds: value, isCut: fraction.isCut)
    }

    /// Reads the digits behind the point, and rounds at the sixth; halves go to the even neighbour.
    private mutating func readFraction(_ text: Span<UInt8>) -> (value: Int64, isCut: Bool)? {
        index += 1
        let start = index
        guard var value = readNumber(text, 1, 6).map(Int64.init) else { return nil }
        for _ in 0..<(6 - (index - start)) { value *= 10 }
        let first = peek(text) &- UInt8(ascii: "0")
        guard first <= 9 else { return (value, false) }
        index += 1
        let isMore = skipDigits(text)
        if first > 5 || (first == 5 && (isMore || value % 2 == 1)) { value += 1 }
        return (value, first != 0 || isMore)
    }

    /// - Returns: whether one of the digits was not zero.
    private mutating func skipDigits(_ text: Span<UInt8>) -> Bool {
        var isMore = false
        while peek(text) &- UInt8(ascii: "0") <= 9 {
            if peek(text) != UInt8(ascii: "0") { isMore = true }
            index += 1
        }
        return isMore
    }

    /// Reads `Z`, `±HH`, `±HHMM` or `±HH:MM[:SS]`, or nothing.
    ///
    /// - Returns: seconds east of Greenwich; nil when it is not a zone.
    mutating func readZone(_ text: Span<UInt8>) -> Int? {
        if index == text.count || take(text, UInt8(ascii: "Z")) || take(text, UInt8(ascii: "z")) {
            return 0
        }
        let isWest = peek(text) == UInt8(ascii: "-")
        guard isWest || peek(text) == UInt8(ascii: "+") else { return nil }
        index += 1
        guard let hour = readNumber(text, 2, 2), hour <= Self.zoneHoursMax else { return nil }
        var minute = 0
        var second = 0
        let hasColon = take(text, UInt8(ascii: ":"))
        if hasColon || index < text.count {
            guard let minutes = readNumber(text, 2, 2) else { return nil }
            minute = minutes
        }
        if hasColon && take(text, UInt8(ascii: ":")) {
            guard let seconds = readNumber(text, 2, 2) else { return nil }
            second = seconds
        }
        guard minute < 60 && second < 60 else { return nil }
        let offset = hour * 3600 + minute * 60 + second
        return isWest ? -offset : offset
    }

    /// Hours that PostgreSQL lets a zone be away from Greenwich.
    private static let zoneHoursMax = 15
}
