/// Reads the smallest parts of a TOML document and counts lines.
struct TOMLReader {
    private let bytes: [UInt8]
    private var index = 0
    /// Counted from 1.
    private(set) var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { index = 3 }
    }

    /// The byte here, zero behind the end.
    var current: UInt8 { byte(0) }
    var next: UInt8 { byte(1) }
    var isAtEnd: Bool { index >= bytes.count }

    func byte(_ offset: Int) -> UInt8 {
        index + offset < bytes.count ? bytes[index + offset] : 0
    }

    func error(_ text: String) -> TOMLSyntaxError { TOMLSyntaxError(line: line, text: text) }

    mutating func advance(_ count: Int) {
        for _ in 0..<count where !isAtEnd {
            if bytes[index] == lineFeed { line += 1 }
            index += 1
        }
    }

    mutating func skipBlanks() {
        while current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") { advance(1) }
    }

    /// Goes over blanks, comments and line ends.
    ///
    /// - Returns: `false` at the document's end.
    mutating func skipToStatement() throws(TOMLSyntaxError) -> Bool {
        while true {
            skipBlanks()
            if current == UInt8(ascii: "#") { try skipComment() }
            if isAtEnd { return false }
            guard skipLineEnd() else { return true }
        }
    }

    /// Behind a value or a header only a comment may stand.
    mutating func expectLineEnd() throws(TOMLSyntaxError) {
        skipBlanks()
        if current == UInt8(ascii: "#") { try skipComment() }
        guard isAtEnd || skipLineEnd() else {
            throw error("something is left over on this line; a text stands in quotes")
        }
    }

    mutating func expect(_ text: String, _ message: String) throws(TOMLSyntaxError) {
        for wanted in text.utf8 {
            guard !isAtEnd, current == wanted else { throw error(message) }
            advance(1)
        }
    }

    /// - Returns: whether there was a line end here.
    private mutating func skipLineEnd() -> Bool {
        if current == UInt8(ascii: "\r") && next == lineFeed {
            advance(2)
        } else if current == lineFeed {
            advance(1)
        } else {
            return false
        }
        return true
    }

    private mutating func skipComment() throws(TOMLSyntaxError) {
        while !isAtEnd && current != lineFeed {
            let isLineEnd = current == UInt8(ascii: "\r") && next == lineFeed
            if !isLineEnd && isControlByte(current) {
                throw error("a control character in a comment")
            }
            advance(1)
        }
    }

    mutating func readKey() throws(TOMLSyntaxError) -> String {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") {
            if next == current && byte(2) == current {
                throw error("a key is a text of one line")
            }
            return try readString()
        }
        let start = index
        while isBareKey(current) { advance(1) }
        guard index > start else { throw error("a key is missing here") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// Everything up to what can stand behind a value, for numbers, dates and the like.
    mutating func readToken() -> String {
        let start = index
        while isTokenByte(current) {
            advance(1)
            // A blank may stand between a date and its time.
            let isDate = index - start == 10 && bytes[start + 4] == UInt8(ascii: "-")
            if isDate && current == UInt8(ascii: " ") && isDigit(next) { advance(1) }
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }
}

// Texts in quotes.
extension TOMLReader {
    mutating func readString() throws(TOMLSyntaxError) -> String {
        let quote = current
        let isLong = next == quote && byte(2) == quote
        let start = line
        var text: [UInt8] = []
        advance(isLong ? 3 : 1)
        if isLong { _ = skipLineEnd() }
        while !isAtEnd {
            if current == quote && (!isLong || next == quote && byte(2) == quote) {
                // Up to two quotes may stand before the closing ones.
                for _ in 0..<2 where isLong && byte(3) == quote {
                    text.append(quote)
                    advance(1)
                }
                advance(isLong ? 3 : 1)
                return String(decoding: text, as: UTF8.self)
            }
            if quote == UInt8(ascii: "\"") && current == UInt8(ascii: "\\") {
                try readEscape(isLong, into: &text)
            } else if isLong && skipLineEnd() {
                text.append(lineFeed)
            } else if isControlByte(current) {
                break
            } else {
                text.append(current)
                advance(1)
            }
        }
        throw TOMLSyntaxError(line: start, text: "the text that begins here does not end")
    }

    private mutating func readEscape(
        _ isLong: Bool, into text: inout [UInt8]
    ) throws(TOMLSyntaxError) {
        let letter = next
        advance(2)
        switch letter {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(letter)
        case UInt8(ascii: "u"): try readCode(width: 4, into: &text)
        case UInt8(ascii: "U"): try readCode(width: 8, into: &text)
        case lineFeed, UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t"):
            try skipFoldedLine(letter, isLong)
        default: throw error("there is no such escape; a backslash is written \\\\, or use '…'")
        }
    }

    /// A backslash at a line's end takes away the line end and the blanks of the next line.
    private mutating func skipFoldedLine(_ first: UInt8, _ isLong: Bool) throws(TOMLSyntaxError) {
        var isFolded = first == lineFeed
        while !isAtEnd {
            let isBlank = current == UInt8(ascii: " ") || current == UInt8(ascii: "\t")
            if current == lineFeed { isFolded = true }
            guard isBlank || current == lineFeed || current == UInt8(ascii: "\r") else { break }
            advance(1)
        }
        guard isLong && isFolded else { throw error("there is no such escape") }
    }

    private mutating func readCode(width: Int, into text: inout [UInt8]) throws(TOMLSyntaxError) {
        let digits = (0..<width).map { byte($0) }
        let isHexadecimal = digits.allSatisfy {
            isDigit($0) || (0x41...0x46).contains($0 & 0xdf)
        }
        guard isHexadecimal, let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(code), code != 0
        else { throw error("the code of a character has \(width) digits, and zero is not one") }
        text.append(contentsOf: String(scalar).utf8)
        advance(width)
    }
}

private let lineFeed = UInt8(ascii: "\n")

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

private func isControlByte(_ byte: UInt8) -> Bool {
    byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7f
}

private func isBareKey(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x5a).contains(byte & 0xdf) && byte < 0x80
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
}

private func isTokenByte(_ byte: UInt8) -> Bool {
    isBareKey(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
        || byte == UInt8(ascii: ":")
}
