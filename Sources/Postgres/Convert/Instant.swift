/// A `timestamptz` or `timestamp` as PostgreSQL keeps it.
@frozen
public struct Microseconds: Hashable, Sendable {
    /// Microseconds since 2000-01-01 00:00 UTC.
    public let sinceEpoch: Int64

    @inlinable @inline(__always) public init(sinceEpoch: Int64) { self.sinceEpoch = sinceEpoch }

    package static let infinity = Microseconds(sinceEpoch: .max)
    package static let minusInfinity = Microseconds(sinceEpoch: .min)

    /// Microseconds from 1970 to 2000.
    @usableFromInline static let epochOffset: Int64 = 946_684_800_000_000

    /// Rounds nanoseconds since 1970 down. Every Int64 has a place.
    ///
    /// - Returns: the instant, and whether something was cut off.
    @inlinable @inline(__always) public static func fromUnix(
        nanoseconds: Int64
    ) -> (instant: Microseconds, isCut: Bool) {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1000)
        let floor = remainder < 0 ? quotient &- 1 : quotient
        return (Microseconds(sinceEpoch: floor &- epochOffset), remainder != 0)
    }

    static let perSecond: Int64 = 1_000_000
    static let perDay: Int64 = 86_400 * perSecond
}

/// A `date` as PostgreSQL keeps it.
@frozen
public struct Days: Hashable, Sendable {
    /// Days since 2000-01-01.
    public let sinceEpoch: Int32

    @inlinable public init(sinceEpoch: Int32) { self.sinceEpoch = sinceEpoch }

    package static let infinity = Days(sinceEpoch: .max)
    package static let minusInfinity = Days(sinceEpoch: .min)

    /// The UTC day that the instant lies in; the rest of the day is cut off.
    package static func fromUnix(nanoseconds: Int64) -> (day: Days, isCut: Bool) {
        let perDay: Int64 = 86_400_000_000_000
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: perDay)
        let floor = remainder < 0 ? quotient - 1 : quotient
        // 10,957 days from 1970 to 2000; Int64's nanoseconds span 213,504.
        return (Days(sinceEpoch: Int32(floor - 10_957)), remainder != 0)
    }
}

/// A day of the proleptic Gregorian calendar, years from 1 on.
struct CalendarDay {
    let year: Int
    let month: Int
    let day: Int

    /// Nil for a day that does not exist.
    init?(year: Int, month: Int, day: Int) {
        guard year >= 1, (1...12).contains(month), day >= 1 else { return nil }
        self.year = year
        self.month = month
        self.day = day
        if day > daysInMonth { return nil }
    }

    private var isLeapYear: Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private var daysInMonth: Int {
        switch month {
        case 2: isLeapYear ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 2000-01-01.
    var sinceEpoch: Int {
        let past = year - 1
        let daysBeforeYear = past * 365 + past / 4 - past / 100 + past / 400
        // Months of 30 days and, from July on every second, else the first, a longer one.
        var daysBeforeMonth = (month - 1) * 30 + (month + month / 9) / 2
        if month > 2 { daysBeforeMonth -= isLeapYear ? 1 : 2 }
        return daysBeforeYear + daysBeforeMonth + day - 1 - Self.daysBeforeEpoch
    }

    /// Days from the year 1 to the year 2000.
    private static let daysBeforeEpoch = 730_119
}
