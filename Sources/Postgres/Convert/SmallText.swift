/// Reads `t`, `true`, `1`, `f`, `false` or `0`, letters in any case; nothing else.
package func readBoolean(_ text: Span<UInt8>) throws(Misfit) -> Bool {
    if text.count == 1 {
        switch text[0] {
        case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "1"): return true
        case UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "0"): return false
        default: throw .notABoolean
        }
    }
    if matches(text, from: 0, "true") { return true }
    if matches(text, from: 0, "false") { return false }
    throw .notABoolean
}

/// A `uuid` as two big-endian halves.
@frozen
package struct UUIDBytes: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    @inlinable package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads every spelling that PostgreSQL takes: 32 hexadecimal digits in any case, a hyphen after
    /// any group of four or none, braces around it or none.
    package init(_ text: Span<UInt8>) throws(Misfit) {
        var end = text.count
        var index = 0
        if end > 1 && text[0] == UInt8(ascii: "{") && text[end - 1] == UInt8(ascii: "}") {
            index = 1
            end -= 1
        }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for digit in 0..<32 {
            if digit > 0 && digit % 4 == 0 && index < end && text[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard index < end, let value = hexadecimalValue(text[index]) else { throw .notAUUID }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(value)
            index += 1
        }
        guard index == end else { throw .notAUUID }
        self.init(high: high, low: low)
    }
}

/// 0 to 15, or nil.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
