/// A value of a TOML document and where it stands.
struct TOMLNode {
    /// Counted from 1: the line of the key or header that it belongs to.
    let line: Int
    let value: TOMLValue

    var string: String? {
        if case .string(let text) = value { return text }
        return nil
    }

    var integer: Int? {
        if case .integer(let number) = value { return number }
        return nil
    }

    var array: [TOMLNode]? {
        if case .array(let nodes) = value { return nodes }
        return nil
    }

    var table: TOMLTable? {
        if case .table(let table) = value { return table }
        return nil
    }
}

/// What a configuration can hold. Of the kinds that no key takes, only the name is kept.
enum TOMLValue {
    case string(String)
    case integer(Int)
    case float
    case boolean
    case dateTime
    case array([TOMLNode])
    case table(TOMLTable)

    /// For messages.
    var typeName: String {
        switch self {
        case .string: return "text"
        case .integer: return "whole number"
        case .float: return "number with a fraction"
        case .boolean: return "boolean"
        case .dateTime: return "date or time"
        case .array: return "list"
        case .table: return "section"
        }
    }
}

/// Keys and values in the order of the file. Built by the parser and only read afterwards.
final class TOMLTable {
    /// How a table came to be; it decides what may be added to it later.
    enum Origin {
        /// Named on the way to another one: `[a.b]` makes `a`.
        case implied
        /// By a header of its own, or an entry of an array of tables.
        case header
        /// By a dotted key: `a.b = 1` makes `a`.
        case dotted
        /// In braces: complete as it stands.
        case inline
    }

    var origin: Origin
    private(set) var entries: [(key: String, node: TOMLNode)] = []
    private var positions: [String: Int] = [:]

    init(_ origin: Origin) {
        self.origin = origin
    }

    subscript(key: String) -> TOMLNode? {
        positions[key].map { entries[$0].node }
    }

    /// Puts a key in, or another value in its place.
    func set(_ key: String, _ node: TOMLNode) {
        if let position = positions[key] {
            entries[position].node = node
        } else {
            positions[key] = entries.count
            entries.append((key, node))
        }
    }
}

/// Why a text is not a TOML document.
struct TOMLSyntaxError: Error, Equatable {
    let line: Int
    /// What is wrong and what would be right.
    let text: String
}
