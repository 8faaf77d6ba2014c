/// Steps over the parts of a TOML document and counts lines.
struct TOMLScanner {
    private let bytes: [UInt8]
    private var index = 0
    /// Counted from 1.
    private(set) var line = 1
    private(set) var zeroCharacterLines: [Int] = []

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { index = 3 }
    }

    /// The byte here, zero behind the end.
    var current: UInt8 { byte(0) }

    private func byte(_ offset: Int) -> UInt8 {
        index + offset < bytes.count ? bytes[index + offset] : 0
    }

    private var isAtEnd: Bool { index >= bytes.count }

    mutating func advance() {
        if current == newline { line += 1 }
        index += 1
    }

    /// Goes to the next key or header.
    ///
    /// - Returns: `false` at the document's end.
    mutating func skipToStatement() -> Bool {
        while !isAtEnd {
            if current == UInt8(ascii: "#") {
                skipLine()
            } else if isBlank(current) || current == newline {
                advance()
            } else {
                return true
            }
        }
        return false
    }

    mutating func skipLine() {
        while !isAtEnd && current != newline { advance() }
    }

    /// Reads `a."b".'c'` and stops behind it.
    mutating func readDottedKey() -> [String] {
        var keys: [String] = []
        while true {
            skipBlanks()
            keys.append(readKey())
            skipBlanks()
            guard current == UInt8(ascii: ".") else { return keys }
            advance()
        }
    }

    /// Goes behind the value that follows, however many lines it has.
    mutating func skipValue() {
        var depth = 0
        while !isAtEnd {
            switch current {
            case newline where depth == 0: return
            case UInt8(ascii: "#"): skipLine()
            case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString()
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                advance()
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                advance()
            default: advance()
            }
        }
    }

    private mutating func skipBlanks() {
        while isBlank(current) { advance() }
    }

    private mutating func readKey() -> String {
        let quote = current
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            advance()
            let start = index
            skipText(until: quote, count: 1)
            let inside = String(decoding: bytes[start..<min(index, bytes.count)], as: UTF8.self)
            advance()
            return quote == UInt8(ascii: "\"") ? unescaped(inside) : inside
        }
        let start = index
        while isBareKey(current) { advance() }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func skipString() {
        let quote = current
        if byte(1) == quote && byte(2) == quote {
            for _ in 0..<3 { advance() }
            skipText(until: quote, count: 3)
            // Up to two quotes more may stand before the closing three.
            for _ in 0..<5 where current == quote { advance() }
        } else {
            advance()
            skipText(until: quote, count: 1)
            advance()
        }
    }

    /// Stops at the closing quotes; at a line's end when the text must not have one.
    private mutating func skipText(until quote: UInt8, count: Int) {
        while !isAtEnd {
            if (0..<count).allSatisfy({ byte($0) == quote }) { return }
            if count == 1 && current == newline { return }
            if quote == UInt8(ascii: "\"") && current == UInt8(ascii: "\\") {
                noteZeroCharacter()
                advance()
            }
            advance()
        }
    }

    private mutating func noteZeroCharacter() {
        let width = byte(1) == UInt8(ascii: "u") ? 4 : byte(1) == UInt8(ascii: "U") ? 8 : 0
        guard width > 0 else { return }
        if (2..<2 + width).allSatisfy({ byte($0) == UInt8(ascii: "0") }) {
            zeroCharacterLines.append(line)
        }
    }
}

private let newline = UInt8(ascii: "\n")

private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
}

private func isBareKey(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        return true
    default: return false
    }
}

/// What a quoted key means.
private func unescaped(_ text: String) -> String {
    var result = ""
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
        guard scalar == "\\", let escape = rest.popFirst() else {
            result.unicodeScalars.append(scalar)
            continue
        }
        switch escape {
        case "b": result += "\u{8}"
        case "t": result += "\t"
        case "n": result += "\n"
        case "f": result += "\u{c}"
        case "r": result += "\r"
        case "u", "U":
            let digits = String(String.UnicodeScalarView(rest.prefix(escape == "u" ? 4 : 8)))
            rest = rest.dropFirst(digits.unicodeScalars.count)
            if let code = UInt32(digits, radix: 16), let named = Unicode.Scalar(code) {
                result.unicodeScalars.append(named)
            }
        default: result.unicodeScalars.append(escape)
        }
    }
    return result
}
