/// Whether the server will take the text as `jsonb`: RFC 8259, and beyond it no `\u0000`, no lone
/// surrogates, no number that `numeric` cannot hold, and a bounded depth.
package func checkJSON(_ text: Span<UInt8>) throws(Misfit) {
    var checker = JSONChecker()
    try checker.check(text)
}

/// Walks over the text once, without recursion.
private struct JSONChecker {
    /// What may come next.
    private enum Expectation {
        case value, firstElement, firstKey, key, end
    }

    private var index = 0
    private var depth = 0
    /// One bit a level: set for an object.
    private var levels = InlineArray<8, UInt64>(repeating: 0)

    mutating func check(_ text: Span<UInt8>) throws(Misfit) {
        precondition(Limits.jsonDepthMax <= levels.count * 64)
        var next = Expectation.value
        while true {
            skipBlanks(text)
            if next == .end && depth == 0 { break }
            guard index < text.count else { throw .notJSON }
            next = try step(text, next)
        }
        guard index == text.count else { throw .notJSON }
    }

    private mutating func step(
        _ text: Span<UInt8>, _ expectation: Expectation
    ) throws(Misfit) -> Expectation {
        let byte = text[index]
        switch expectation {
        case .firstElement where byte == UInt8(ascii: "]"): return close()
        case .firstKey where byte == UInt8(ascii: "}"): return close()
        case .value, .firstElement: return try readValue(text)
        case .firstKey, .key: return try readKey(text)
        case .end: return try readSeparator(byte)
        }
    }

    /// After a value inside an array or object: a comma, or the end of it.
    private mutating func readSeparator(_ byte: UInt8) throws(Misfit) -> Expectation {
        if byte == UInt8(ascii: ",") {
            index += 1
            return isInObject ? .key : .value
        }
        guard byte == (isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw .notJSON }
        return close()
    }

    private mutating func readKey(_ text: Span<UInt8>) throws(Misfit) -> Expectation {
        try readString(text)
        skipBlanks(text)
        guard index < text.count, text[index] == UInt8(ascii: ":") else { throw .notJSON }
        index += 1
        return .value
    }

    private mutating func readValue(_ text: Span<UInt8>) throws(Misfit) -> Expectation {
        switch text[index] {
        case UInt8(ascii: "{"): return try open(isObject: true)
        case UInt8(ascii: "["): return try open(isObject: false)
        case UInt8(ascii: "\""): try readString(text)
        case UInt8(ascii: "t"): try readWord(text, "true")
        case UInt8(ascii: "f"): try readWord(text, "false")
        case UInt8(ascii: "n"): try readWord(text, "null")
        default: try readNumber(text)
        }
        return .end
    }

    // MARK: - Levels

    private var isInObject: Bool {
        levels[(depth - 1) >> 6] >> UInt64((depth - 1) & 63) & 1 == 1
    }

    private mutating func open(isObject: Bool) throws(Misfit) -> Expectation {
        guard depth < Limits.jsonDepthMax else { throw .tooDeep }
        let bit = UInt64(1) << UInt64(depth & 63)
        if isObject { levels[depth >> 6] |= bit } else { levels[depth >> 6] &= ~bit }
        depth += 1
        index += 1
        return isObject ? .firstKey : .firstElement
    }

    private mutating func close() -> Expectation {
        depth -= 1
        index += 1
        return .end
    }

    // MARK: - Tokens

    private mutating func skipBlanks(_ text: Span<UInt8>) {
        while index < text.count {
            switch text[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    private mutating func readWord(_ text: Span<UInt8>, _ word: StaticString) throws(Misfit) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard index < text.count, unsafe text[index] == word.utf8Start[offset] else {
                throw .notJSON
            }
            index += 1
        }
    }

    private mutating func readNumber(_ text: Span<UInt8>) throws(Misfit) {
        let start = index
        if text[index] == UInt8(ascii: "-") { index += 1 }
        let first = index
        try skipDigits(text)
        if text[first] == UInt8(ascii: "0") && index > first + 1 { throw .notJSON }
        if index < text.count && text[index] == UInt8(ascii: ".") {
            index += 1
            try skipDigits(text)
        }
        if index < text.count && text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count
                && (text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-"))
            {
                index += 1
            }
            try skipDigits(text)
        }
        let number = text.extracting(start..<index)
        _ = try NumericLayout(number, DecimalText(number), shape: nil)
    }

    /// At least one.
    private mutating func skipDigits(_ text: Span<UInt8>) throws(Misfit) {
        let start = index
        while index < text.count, text[index] &- UInt8(ascii: "0") <= 9 { index += 1 }
        if index == start { throw .notJSON }
    }

    private mutating func readString(_ text: Span<UInt8>) throws(Misfit) {
        guard text[index] == UInt8(ascii: "\"") else { throw .notJSON }
        index += 1
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""):
                index += 1
                return
            case UInt8(ascii: "\\"): try readEscape(text)
            case 0..<0x20: throw .notJSON
            default: index += try characterSize(text, at: index)
            }
        }
        throw .notJSON
    }

    private mutating func readEscape(_ text: Span<UInt8>) throws(Misfit) {
        index += 1
        guard index < text.count else { throw .notJSON }
        switch text[index] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 1
        case UInt8(ascii: "u"):
            try readUnicode(text)
        default: throw .notJSON
        }
    }

    /// Reads `uXXXX`, and the second half of a surrogate pair.
    private mutating func readUnicode(_ text: Span<UInt8>) throws(Misfit) {
        switch try readUnit(text) {
        case 0: throw .nulCharacter
        case 0xD800...0xDBFF:
            guard index < text.count, text[index] == UInt8(ascii: "\\") else { throw .notJSON }
            index += 1
            guard (0xDC00...0xDFFF).contains(try readUnit(text)) else { throw .notJSON }
        case 0xDC00...0xDFFF: throw .notJSON
        default: break
        }
    }

    private mutating func readUnit(_ text: Span<UInt8>) throws(Misfit) -> UInt16 {
        guard text.count - index >= 5, text[index] == UInt8(ascii: "u") else { throw .notJSON }
        var unit: UInt16 = 0
        for offset in 1...4 {
            guard let value = hexadecimalValue(text[index + offset]) else { throw .notJSON }
            unit = unit << 4 | UInt16(value)
        }
        index += 5
        return unit
    }
}
