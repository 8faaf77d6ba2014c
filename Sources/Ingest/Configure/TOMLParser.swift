/// Reads a TOML 1.0 document.
///
/// Of our own because an operator's mistake must be answered with its line: the libraries there
/// are tell no positions of keys, and the C++ one among them never frees what it reads, which a
/// leak checker takes for ours.
struct TOMLParser {
    private var reader: TOMLReader
    private let root = TOMLTable(.header)
    private var current: TOMLTable

    static func parse(_ text: String) throws(TOMLSyntaxError) -> TOMLTable {
        var parser = TOMLParser(text)
        return try parser.parseDocument()
    }

    private init(_ text: String) {
        reader = TOMLReader(text)
        current = root
    }

    private mutating func parseDocument() throws(TOMLSyntaxError) -> TOMLTable {
        while try reader.skipToStatement() {
            if reader.current == UInt8(ascii: "[") {
                try parseHeader()
            } else {
                try parseKeyValue(into: current, depth: 0)
            }
            try reader.expectLineEnd()
        }
        return root
    }

    private mutating func parseHeader() throws(TOMLSyntaxError) {
        let line = reader.line
        let isArray = reader.next == UInt8(ascii: "[")
        reader.advance(isArray ? 2 : 1)
        let keys = try parseKeys()
        try reader.expect(isArray ? "]]" : "]", "a header ends with \(isArray ? "]]" : "]")")
        var table = root
        for key in keys.dropLast() { table = try descend(table, key, .implied, line) }
        let name = keys[keys.count - 1]
        current = isArray ? try addEntry(table, name, line) : try open(table, name, line)
    }

    /// `[name]`: once only, and not what keys have made already.
    private func open(
        _ parent: TOMLTable, _ name: String, _ line: Int
    ) throws(TOMLSyntaxError) -> TOMLTable {
        guard let node = parent[name] else {
            let table = TOMLTable(.header)
            parent.set(name, TOMLNode(line: line, value: .table(table)))
            return table
        }
        guard let table = node.table, table.origin == .implied else {
            throw duplicate(name, node, line)
        }
        table.origin = .header
        parent.set(name, TOMLNode(line: line, value: .table(table)))
        return table
    }

    /// `[[name]]`: one more entry.
    private func addEntry(
        _ parent: TOMLTable, _ name: String, _ line: Int
    ) throws(TOMLSyntaxError) -> TOMLTable {
        let table = TOMLTable(.header)
        let entry = TOMLNode(line: line, value: .table(table))
        guard let node = parent[name] else {
            parent.set(name, TOMLNode(line: line, value: .array([entry])))
            return table
        }
        // An array that was written with brackets is complete.
        guard let entries = node.array, entries.last?.table?.origin == .header else {
            throw duplicate(name, node, line)
        }
        parent.set(name, TOMLNode(line: node.line, value: .array(entries + [entry])))
        return table
    }

    /// Goes one step towards a table that is deeper, making what is not there.
    private func descend(
        _ parent: TOMLTable, _ key: String, _ origin: TOMLTable.Origin, _ line: Int
    ) throws(TOMLSyntaxError) -> TOMLTable {
        guard let node = parent[key] else {
            let table = TOMLTable(origin)
            parent.set(key, TOMLNode(line: line, value: .table(table)))
            return table
        }
        // Dotted keys may add to what no header has made, headers to all but tables in braces.
        if let table = node.table {
            switch (origin, table.origin) {
            case (.dotted, .implied): table.origin = .dotted
            case (.dotted, .dotted), (.implied, .implied), (.implied, .header), (.implied, .dotted):
                break
            default: throw duplicate(key, node, line)
            }
            return table
        } else if origin == .implied, let last = node.array?.last?.table, last.origin == .header {
            return last
        }
        throw duplicate(key, node, line)
    }

    /// Reads `key = value` or `a.b = value`.
    private mutating func parseKeyValue(
        into table: TOMLTable, depth: Int
    ) throws(TOMLSyntaxError) {
        let line = reader.line
        let keys = try parseKeys()
        try reader.expect("=", "a key is followed by = and a value")
        reader.skipBlanks()
        var table = table
        for key in keys.dropLast() { table = try descend(table, key, .dotted, line) }
        let name = keys[keys.count - 1]
        if let node = table[name] { throw duplicate(name, node, line) }
        table.set(name, TOMLNode(line: line, value: try parseValue(depth: depth)))
    }

    /// Reads `a . "b" . 'c'` and the blanks behind it.
    private mutating func parseKeys() throws(TOMLSyntaxError) -> [String] {
        var keys: [String] = []
        repeat {
            if !keys.isEmpty { reader.advance(1) }
            reader.skipBlanks()
            keys.append(try reader.readKey())
            reader.skipBlanks()
        } while reader.current == UInt8(ascii: ".")
        return keys
    }

    private func duplicate(_ key: String, _ node: TOMLNode, _ line: Int) -> TOMLSyntaxError {
        TOMLSyntaxError(line: line, text: "\(shownKey(key)) is there already, in line \(node.line)")
    }
}

// Values.
extension TOMLParser {
    /// More brackets in one another than this are no configuration, and would use up the stack.
    private static let depthMax = 32

    private mutating func parseValue(depth: Int) throws(TOMLSyntaxError) -> TOMLValue {
        switch reader.current {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try reader.readString())
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            guard depth < Self.depthMax else { throw reader.error("too many brackets") }
            if reader.current == UInt8(ascii: "{") {
                return .table(try parseInlineTable(depth: depth))
            }
            return .array(try parseArray(depth: depth))
        default: return try reader.readScalar()
        }
    }

    private mutating func parseArray(depth: Int) throws(TOMLSyntaxError) -> [TOMLNode] {
        var nodes: [TOMLNode] = []
        let start = reader.line
        reader.advance(1)
        while try reader.skipToStatement() {
            if reader.current == UInt8(ascii: "]") {
                reader.advance(1)
                return nodes
            }
            let line = reader.line
            nodes.append(TOMLNode(line: line, value: try parseValue(depth: depth + 1)))
            guard try reader.skipToStatement() else { break }
            if reader.current == UInt8(ascii: ",") {
                reader.advance(1)
            } else if reader.current != UInt8(ascii: "]") {
                throw reader.error("the values of a list are separated by commas")
            }
        }
        throw TOMLSyntaxError(line: start, text: "the list that begins here has no ]")
    }

    private mutating func parseInlineTable(depth: Int) throws(TOMLSyntaxError) -> TOMLTable {
        let table = TOMLTable(.dotted)
        reader.advance(1)
        reader.skipBlanks()
        var isFirst = true
        while reader.current != UInt8(ascii: "}") || !isFirst {
            try parseKeyValue(into: table, depth: depth + 1)
            reader.skipBlanks()
            isFirst = false
            if reader.current == UInt8(ascii: "}") { break }
            try reader.expect(",", "the keys of a table in braces are separated by commas")
            reader.skipBlanks()
        }
        reader.advance(1)
        table.close()
        return table
    }
}

extension TOMLTable {
    /// Nothing may be added to a table in braces nor to what is in it.
    fileprivate func close() {
        origin = .inline
        for (_, node) in entries { node.table?.close() }
    }
}
