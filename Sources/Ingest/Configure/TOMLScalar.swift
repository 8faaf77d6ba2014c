extension TOMLReader {
    /// Reads a value that is neither a text nor in brackets.
    mutating func readScalar() throws(TOMLSyntaxError) -> TOMLValue {
        let here = line
        let token = readToken()
        if token == "true" || token == "false" { return .boolean }
        if isFloat(token) { return .float }
        if isDateTime(token) { return .dateTime }
        if isInteger(token) {
            guard let number = integer(token) else {
                throw TOMLSyntaxError(line: here, text: "\(token) is too large a number")
            }
            return .integer(number)
        }
        let text = token.isEmpty ? "a value is missing here" : "\(token) is not a value"
        throw TOMLSyntaxError(line: here, text: "\(text); a text stands in quotes")
    }
}

/// Underscores may stand between digits, zeros not in front of others.
private func isInteger(_ token: String) -> Bool {
    token.wholeMatch(of: /[+-]?(0|[1-9](_?[0-9])*)/) != nil
        || token.wholeMatch(of: /0x[0-9A-Fa-f](_?[0-9A-Fa-f])*/) != nil
        || token.wholeMatch(of: /0o[0-7](_?[0-7])*/) != nil
        || token.wholeMatch(of: /0b[01](_?[01])*/) != nil
}

private func integer(_ token: String) -> Int? {
    let digits = token.filter { $0 != "_" }
    switch digits.prefix(2) {
    case "0x": return Int(digits.dropFirst(2), radix: 16)
    case "0o": return Int(digits.dropFirst(2), radix: 8)
    case "0b": return Int(digits.dropFirst(2), radix: 2)
    default: return Int(digits)
    }
}

private func isFloat(_ token: String) -> Bool {
    token.wholeMatch(of: /[+-]?(inf|nan)/) != nil
        || token.wholeMatch(
            of: /[+-]?(0|[1-9](_?[0-9])*)\.[0-9](_?[0-9])*([eE][+-]?[0-9](_?[0-9])*)?/) != nil
        || token.wholeMatch(of: /[+-]?(0|[1-9](_?[0-9])*)[eE][+-]?[0-9](_?[0-9])*/) != nil
}

/// The form alone: no key takes a date.
private func isDateTime(_ token: String) -> Bool {
    let isDate = token.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil
    let isTime = token.wholeMatch(of: /\d\d:\d\d:\d\d(\.\d+)?/) != nil
    return isDate || isTime
        || token.wholeMatch(
            of: /\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?/) != nil
}
