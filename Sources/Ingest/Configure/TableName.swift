import Postgres

/// A table as the configuration names it: exactly as the catalog spells it, never case-folded.
package struct TableName: Sendable, Equatable, CustomStringConvertible {
    /// `nil` means: whatever the connection's search path finds.
    package let schema: String?
    package let table: String

    package init(schema: String? = nil, table: String) {
        self.schema = schema
        self.table = table
    }

    /// Reads `table` or `schema.table`; a part with a dot in it stands in double quotes, where a
    /// double quote is written twice.
    package init?(_ text: String) {
        var parts: [String] = []
        var rest = Substring(text)
        repeat {
            if !parts.isEmpty { rest.removeFirst() }
            guard let part = takePart(&rest), Self.isValid(part) else { return nil }
            parts.append(part)
        } while rest.first == "."
        guard rest.isEmpty, parts.count <= 2 else { return nil }
        self.init(schema: parts.count == 2 ? parts[0] : nil, table: parts[parts.count - 1])
    }

    package var description: String {
        [schema, table].compactMap { $0 }.map(quotedIfNeeded).joined(separator: ".")
    }

    /// Names are bytes.
    package static func == (left: Self, right: Self) -> Bool {
        guard left.table.isSameName(as: right.table) else { return false }
        guard let schema = left.schema, let other = right.schema else {
            return left.schema == nil && right.schema == nil
        }
        return schema.isSameName(as: other)
    }

    private static func isValid(_ part: String) -> Bool {
        !part.isEmpty && part.utf8.count <= ConfigurationLimits.identifierLengthMax
    }
}

private func takePart(_ rest: inout Substring) -> String? {
    guard rest.first == "\"" else {
        let part = rest.prefix { $0 != "." && $0 != "\"" }
        rest.removeFirst(part.count)
        return String(part)
    }
    rest.removeFirst()
    var part = ""
    while let character = rest.popFirst() {
        if character != "\"" {
            part.append(character)
        } else if rest.first == "\"" {
            part.append(rest.removeFirst())
        } else {
            return part
        }
    }
    return nil
}

private func quotedIfNeeded(_ part: String) -> String {
    guard part.contains(where: { $0 == "." || $0 == "\"" }) else { return part }
    return "\""
        + part.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\"\"") + "\""
}
