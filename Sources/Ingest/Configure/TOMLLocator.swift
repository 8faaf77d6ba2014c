/// One step on the way to a value in a TOML document.
enum TOMLStep: Hashable, Sendable {
    case key(String)
    /// The n-th `[[…]]` of a name, from 0.
    case index(Int)
}

/// Finds the line on which a key of a TOML document stands.
///
/// The TOML library tells positions for syntax errors only. This walks over a document that the
/// library has accepted and notes where keys and headers are; it judges nothing, and on a document
/// that is not valid it may answer wrongly but always comes to an end.
struct TOMLLocator {
    private var lines: [[TOMLStep]: Int] = [:]
    /// Lines with an escaped zero character, behind which the TOML library loses a text's rest.
    private(set) var zeroCharacterLines: [Int] = []

    private var scanner: TOMLScanner
    private var section: [TOMLStep] = []
    private var tableCounts: [[TOMLStep]: Int] = [:]

    init(_ text: String) {
        scanner = TOMLScanner(text)
        while scanner.skipToStatement() {
            if scanner.current == UInt8(ascii: "[") { readHeader() } else { readKeyValue() }
        }
        zeroCharacterLines = scanner.zeroCharacterLines
    }

    /// The line of a key; for something inside of a value, the line on which that value's key is.
    func line(of path: [TOMLStep]) -> Int? {
        var path = path
        while !path.isEmpty {
            if let line = lines[path] { return line }
            path.removeLast()
        }
        return nil
    }

    private mutating func readHeader() {
        let line = scanner.line
        scanner.advance()
        let isArray = scanner.current == UInt8(ascii: "[")
        if isArray { scanner.advance() }
        let keys = scanner.readDottedKey()
        scanner.skipLine()
        guard let last = keys.last else { return }
        var path = resolved(keys.dropLast(), under: [], line: line)
        path.append(.key(last))
        note(path, line)
        if isArray {
            let index = tableCounts[path, default: 0]
            tableCounts[path] = index + 1
            path.append(.index(index))
            note(path, line)
        }
        section = path
    }

    private mutating func readKeyValue() {
        let line = scanner.line
        let keys = scanner.readDottedKey()
        if let last = keys.last {
            let path = resolved(keys.dropLast(), under: section, line: line) + [.key(last)]
            note(path, line)
        }
        scanner.skipValue()
    }

    /// `a.b` below an array of tables `[[a]]` means the array's latest table.
    private mutating func resolved(
        _ keys: ArraySlice<String>, under base: [TOMLStep], line: Int
    ) -> [TOMLStep] {
        var path = base
        for key in keys {
            path.append(.key(key))
            note(path, line)
            if let count = tableCounts[path] { path.append(.index(count - 1)) }
        }
        return path
    }

    private mutating func note(_ path: [TOMLStep], _ line: Int) {
        if lines[path] == nil { lines[path] = line }
    }
}
