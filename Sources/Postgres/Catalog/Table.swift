/// A table that readings could be written to, as the catalog describes it.
package struct Table: Equatable, Sendable {
    /// What the server calls it by; a table that was dropped and made again has another one.
    package let oid: UInt32
    package let schema: String
    package let name: String
    /// Whether its bare name finds it.
    package let isOnSearchPath: Bool
    package let isPartitioned: Bool
    /// Whether the role may INSERT, and so COPY, into the whole table.
    package let mayInsert: Bool
    /// Whether row-level security applies to the role: the server refuses COPY then.
    package let hasRowSecurity: Bool
    /// Live columns in the table's own order.
    package internal(set) var columns: [Column]
    /// The primary key first, then unique indexes without expressions and conditions, by name.
    package internal(set) var uniqueKeys: [UniqueKey]
    /// B-trees without expressions and conditions: the primary key first, then unique ones, then
    /// the others, each by name.
    package internal(set) var indexes: [TableIndex] = []
    /// The column that a hypertable is cut into chunks by; nil for other tables.
    package internal(set) var timeDimension: String?

    /// Whether the role may SELECT and UPDATE the whole table, as replacing rows takes.
    package internal(set) var mayReplace = false

    /// What the table looked like; see `Fingerprint`.
    package internal(set) var fingerprint = ""

    package var isHypertable: Bool { timeDimension != nil }

    /// The column with exactly this name.
    package func column(named name: String) -> Column? {
        columns.first { $0.name.isSameName(as: name) }
    }

    /// `"schema"."name"`, right for every name.
    package var sqlName: String { quotedIdentifier(schema) + "." + quotedIdentifier(name) }

    /// The statement that `Connection.beginCopy` wants for rows with these columns, in this order.
    package func copyStatement(columns: [String]) -> String {
        let list = columns.map(quotedIdentifier).joined(separator: ", ")
        return "COPY \(sqlName) (\(list)) FROM STDIN (FORMAT binary)"
    }
}

/// One column of a table.
package struct Column: Equatable, Sendable {
    package enum Identity: Equatable, Sendable { case none, always, byDefault }

    package let name: String
    /// For a domain, the type below it.
    package let type: ColumnType
    /// The domain's name, when it is one.
    package let domain: String?
    /// NULL is refused, by the column or by its domain.
    package let isNotNull: Bool
    /// Something other than NULL stands there when a row leaves it out.
    package let hasDefault: Bool
    package let identity: Identity
    /// Computed by the server; nothing can be written to it.
    package let isGenerated: Bool
    /// Whether the role may INSERT into this column, be it by the right on the whole table.
    package let mayInsert: Bool

    /// Whether a row must bring a value.
    package var isRequired: Bool {
        isNotNull && !hasDefault && identity == .none && !isGenerated
    }
}

/// Columns of which no two rows may have the same values.
package struct UniqueKey: Equatable, Sendable {
    /// The index's name.
    package let name: String
    package internal(set) var columns: [String]
    package let isPrimary: Bool
    /// False for a deferrable constraint: it cannot serve `ON CONFLICT`.
    package let isImmediate: Bool
}

/// A B-tree on columns.
package struct TableIndex: Equatable, Sendable {
    /// A column, and how the index orders it.
    package struct Column: Equatable, Sendable {
        package let name: String
        package let isDescending: Bool

        package init(name: String, isDescending: Bool = false) {
            self.name = name
            self.isDescending = isDescending
        }
    }

    package let name: String
    package internal(set) var columns: [Column]

    package init(name: String, columns: [Column]) {
        self.name = name
        self.columns = columns
    }
}

/// A name as SQL takes it literally, whatever it holds.
package func quotedIdentifier(_ name: String) -> String {
    "\"\(doubled("\"", in: name))\""
}

/// A text as an SQL literal, whatever it holds and whatever `standard_conforming_strings` says.
package func quotedLiteral(_ text: String) -> String {
    let quoted = doubled("'", in: text)
    let escaped = doubled("\\", in: quoted)
    return escaped.utf8.count == quoted.utf8.count ? "'\(quoted)'" : " E'\(escaped)'"
}

/// The server looks at bytes: a mark with an accent after it, one character to Swift, is a mark.
private func doubled(_ mark: Unicode.Scalar, in text: String) -> String {
    let mark = UInt8(ascii: mark)
    guard text.utf8.contains(mark) else { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        bytes.append(byte)
        if byte == mark { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
}
