package import LineProtocol

/// A refused line as it was kept.
package struct RejectsEntry: Equatable, Sendable {
    /// When it was refused, in nanoseconds since 1970.
    package var time: Int64
    /// The listener's name.
    package var source = RejectsComment.unknownSource
    /// As `RejectReason.name` spells it; a file of another version may hold others.
    package var reason = "?"
    package var sqlState: String?
    /// The table's name in SQL.
    package var table: String?
    /// When it was received, in nanoseconds since 1970.
    package var receivedAt: Int64
    /// The unit that its timestamp is in.
    package var precision = Precision.nanoseconds
    package var detail: String?
    /// The line as it came: any bytes, line ends among them.
    package var line: [UInt8] = []
    /// The comment line in front of it, without its end.
    package var comment: [UInt8]

    /// Reads a comment line without its end.
    ///
    /// - Returns: the entry, still without its line, and the number of bytes of that; nil when it
    ///   is no such comment, whatever it is.
    static func parse(_ comment: ArraySlice<UInt8>) -> (entry: RejectsEntry, byteCount: Int)? {
        guard comment.starts(with: "# ".utf8),
            let time = RejectsTime.parse(comment.dropFirst(2).prefix(RejectsTime.length))
        else { return nil }
        var entry = RejectsEntry(time: time, receivedAt: 0, comment: Array(comment))
        var byteCount: Int?
        var isReceived = false
        var rest = comment.dropFirst(2 + RejectsTime.length)
        while !rest.isEmpty {
            guard let (key, value) = takePair(&rest) else { return nil }
            switch key {
            case "bytes": byteCount = Int(digits: value)
            case "received":
                guard let received = Int64(String(decoding: value, as: UTF8.self)) else {
                    return nil
                }
                entry.receivedAt = received
                isReceived = true
            default: guard entry.take(key, value) else { return nil }
            }
        }
        guard let byteCount, isReceived else { return nil }
        return (entry, byteCount)
    }

    /// Takes the value of a key; one that is not known is for later versions.
    ///
    /// - Returns: whether it makes sense.
    private mutating func take(_ key: String, _ value: ArraySlice<UInt8>) -> Bool {
        switch key {
        case "source": source = unquoted(value)
        case "reason": reason = String(decoding: value, as: UTF8.self)
        case "sqlstate": sqlState = String(decoding: value, as: UTF8.self)
        case "table": table = unescaped(value)
        case "detail": detail = unquoted(value)
        case "precision":
            guard let named = Precision(String(decoding: value, as: UTF8.self)) else {
                return false
            }
            precision = named
        default: break
        }
        return true
    }
}

/// Takes ` key=value` from the front; blanks within double quotes belong to the value.
private func takePair(_ rest: inout ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
    guard rest.first == UInt8(ascii: " "),
        let equals = rest.firstIndex(of: UInt8(ascii: "="))
    else { return nil }
    let key = String(decoding: rest[(rest.startIndex + 1)..<equals], as: UTF8.self)
    var index = equals + 1
    var isQuoted = false
    while index < rest.endIndex {
        switch rest[index] {
        case UInt8(ascii: "\\"): index += 1
        case UInt8(ascii: "\""): isQuoted.toggle()
        case UInt8(ascii: " ") where !isQuoted:
            defer { rest = rest[index...] }
            return (key, rest[(equals + 1)..<index])
        default: break
        }
        index += 1
    }
    let value = rest[(equals + 1)...]
    rest = []
    return (key, value)
}

private func unquoted(_ value: ArraySlice<UInt8>) -> String {
    let quote = UInt8(ascii: "\"")
    guard value.count >= 2, value.first == quote, value.last == quote else {
        return unescaped(value)
    }
    return unescaped(value.dropFirst().dropLast())
}

/// The text that `RejectsBuffer` has escaped.
private func unescaped(_ value: ArraySlice<UInt8>) -> String {
    var bytes: [UInt8] = []
    var rest = value
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
            bytes.append(byte)
            continue
        }
        if next == UInt8(ascii: "x"), rest.count >= 2,
            let high = hexadecimalValue(rest[rest.startIndex]),
            let low = hexadecimalValue(rest[rest.startIndex + 1])
        {
            bytes.append(high << 4 | low)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(next)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
