/// Sizes as they are written in the configuration: `64MiB`, or bytes without a unit.
enum Size {
    private static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    static let unitNames = "B, KiB, MiB, GiB"

    /// - Returns: bytes, or `nil` when it is not a size or too large to count.
    static func parse(_ text: String) -> Int? {
        guard let (number, unit) = splitQuantity(text) else { return nil }
        guard let factor = units.first(where: { $0.name == unit })?.bytes else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// In the largest unit that leaves no remainder.
    static func text(_ bytes: Int) -> String {
        let unit = units.first { bytes != 0 && bytes % $0.bytes == 0 } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}

/// Durations as they are written in the configuration: `20ms`.
enum Interval {
    private static let units: [(name: String, microseconds: Int64)] = [
        ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1),
    ]

    static let unitNames = "us, ms, s, min, h"

    /// - Returns: `nil` when it is not a duration or too long to count.
    static func parse(_ text: String) -> Duration? {
        guard let (number, unit) = splitQuantity(text) else { return nil }
        guard let factor = units.first(where: { $0.name == unit })?.microseconds else {
            return nil
        }
        let (count, overflow) = Int64(number).multipliedReportingOverflow(by: factor)
        return overflow ? nil : .microseconds(count)
    }

    /// In the largest unit that leaves no remainder.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let count = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        guard count != 0 else { return "0s" }
        let unit = units.first { count % $0.microseconds == 0 } ?? ("us", 1)
        return "\(count / unit.microseconds)\(unit.name)"
    }
}

/// `20ms` is 20 and `ms`; nothing but digits and then a unit.
private func splitQuantity(_ text: String) -> (number: Int, unit: String)? {
    let digits = text.prefix { ("0"..."9").contains($0) }
    guard let number = Int(digits) else { return nil }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    return (number, String(unit))
}
