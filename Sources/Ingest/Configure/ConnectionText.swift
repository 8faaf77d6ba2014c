import Postgres

/// What libpq has against a connection string; nil when it can read it. Only for one without a
/// password: the complaint may quote it.
func complaint(about connectionText: String) -> String? {
    do throws(PostgresError) {
        _ = try ConnectionText(connectionText)
        return nil
    } catch {
        return error.message
    }
}

/// Whether a libpq connection string holds a password, in any of the ways that libpq reads one.
///
/// It errs on the side of finding one: a false alarm is corrected in a minute, a password in a
/// file that is copied into tickets is not.
func holdsPassword(_ connectionText: String) -> Bool {
    for scheme in ["postgresql://", "postgres://"] where connectionText.hasPrefix(scheme) {
        return uriHoldsPassword(connectionText.dropFirst(scheme.count))
    }
    return keywords(of: connectionText).contains { key, value in
        isPasswordKeyword(key) && !value.isEmpty
            // libpq takes a whole connection string as a database's name.
            || key == "dbname" && value != connectionText && holdsPassword(value)
    }
}

private func isPasswordKeyword(_ key: String) -> Bool {
    key.lowercased() == "password" || key.lowercased() == "sslpassword"
}

/// - Parameter rest: `user:password@host:port/name?key=value`.
private func uriHoldsPassword(_ rest: Substring) -> Bool {
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 {
        for parameter in parts[1].split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1)
            if pair.count == 2 && isPasswordKeyword(percentDecoded(pair[0])) { return true }
        }
    }
    // Not only up to the first slash: a password may hold one that was not encoded.
    guard let at = parts[0].lastIndex(of: "@") else { return false }
    let user = parts[0][..<at]
    guard let colon = user.firstIndex(of: ":") else { return false }
    let secret = user[user.index(after: colon)...]
    let port = secret.prefix { $0 != "/" }
    let isPort = port.count < secret.count && port.allSatisfy { ("0"..."9").contains($0) }
    return !secret.isEmpty && !isPort
}

private func percentDecoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        let digits = rest.prefix(2)
        if byte == UInt8(ascii: "%"), digits.count == 2,
            let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
        {
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// The pairs of `key = value key='quoted \' value'`.
private func keywords(of text: String) -> [(key: String, value: String)] {
    var pairs: [(key: String, value: String)] = []
    var rest = text[...]
    while true {
        rest = rest.drop(while: \.isWhitespace)
        let key = rest.prefix { $0 != "=" && !$0.isWhitespace }
        rest = rest.dropFirst(key.count).drop(while: \.isWhitespace)
        guard rest.first == "=" else {
            if rest.isEmpty { return pairs }
            if key.isEmpty { return pairs }
            continue
        }
        rest = rest.dropFirst().drop(while: \.isWhitespace)
        pairs.append((String(key), takeValue(&rest)))
    }
}

private func takeValue(_ rest: inout Substring) -> String {
    let isQuoted = rest.first == "'"
    if isQuoted { rest.removeFirst() }
    var value = ""
    while let character = rest.first {
        if !isQuoted && character.isWhitespace { return value }
        rest.removeFirst()
        if character == "\\" {
            if let next = rest.popFirst() { value.append(next) }
        } else if isQuoted && character == "'" {
            return value
        } else {
            value.append(character)
        }
    }
    return value
}
