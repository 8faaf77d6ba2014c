package import Postgres

/// A table that readings go to, with what the configuration and the catalog say of it.
package struct TableTarget: Sendable {
    package let table: Table
    /// The columns that a tag or field of their name fills, and the time column; in the table's
    /// order. A column with a default or without NOT NULL may be left out by a line.
    package let columns: [Column]
    /// Which of `columns` gets the line's timestamp.
    package let timeIndex: Int
    private let indexes: [[UInt8]: Int]

    /// Why a table cannot take readings as it is, and what to do; one sentence per problem.
    package struct Problems: Error, Equatable {
        package let table: String
        package let texts: [String]
        /// Whether it is worth a word before a line for the table has come: the operator has named
        /// the table, or the role could write to it.
        package let isToBeTold: Bool

        /// All of it on one line.
        package var description: String { texts.joined(separator: "; ") }
    }

    /// - Parameters:
    ///   - timeName: the column for the timestamp, when the operator has named it.
    ///   - names: the only columns to fill, when the operator has listed them.
    ///   - isNamed: whether the operator has named the table.
    ///   - role: who is to write, for advice about rights.
    package init(
        _ table: Table, timeName: String? = nil, names: [String]? = nil, isNamed: Bool = false,
        role: String
    ) throws(Problems) {
        self.table = table
        var texts = Self.unknownNames(in: table, timeName: timeName, names: names)
        let wanted = table.columns.filter { column in
            names?.contains(column.name) ?? true || column.name == timeName
        }
        let time = Self.timeColumn(of: table, named: timeName, problems: &texts)
        var columns: [Column] = []
        for column in wanted where column.name != time && !column.isGenerated {
            guard column.mayInsert else { continue }
            if case .unsupported(let type) = column.type {
                texts.append(
                    "column \"\(column.name)\" has type \(type), which cannot be written;"
                        + " list the columns to fill in [[table]] columns, without it")
            }
            columns.append(column)
        }
        for column in table.columns
        where column.isRequired && column.name != time
            && !columns.contains(where: { $0.name == column.name })
        {
            texts.append(
                "column \"\(column.name)\" is NOT NULL without a default and nothing fills it;"
                    + (column.mayInsert
                        ? " add it to [[table]] columns or give it a default"
                        : " \(role) has no right to: GRANT INSERT ON \(table.sqlName)"))
        }
        if !table.mayInsert && !table.columns.contains(where: \.mayInsert) {
            // The columns follow from the right; one problem is enough.
            texts = ["no right to write: GRANT INSERT ON \(table.sqlName) TO \(role)"]
        }
        guard texts.isEmpty, let time, let timeColumn = table.column(named: time) else {
            throw Problems(
                table: table.sqlName, texts: texts, isToBeTold: isNamed || table.mayInsert)
        }
        columns.append(timeColumn)
        let order = Dictionary(
            uniqueKeysWithValues: table.columns.enumerated().map { ($1.name, $0) })
        columns.sort { order[$0.name]! < order[$1.name]! }
        self.columns = columns
        timeIndex = columns.firstIndex { $0.name == time }!
        indexes = Dictionary(
            uniqueKeysWithValues: columns.enumerated().map { (Array($1.name.utf8), $0) })
    }

    /// The column that a tag or field of this name fills; never the time column.
    package func columnIndex(named name: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let index = unsafe indexes[Array(name)], index != timeIndex else { return nil }
        return index
    }

    /// The columns that every line must bring.
    package var required: [Column] {
        columns.enumerated().filter { $0 != timeIndex && $1.isRequired }.map(\.element)
    }

    /// Whether the table has any column that could hold the time, so that it can be one for
    /// readings at all.
    package static func hasTimeColumn(_ table: Table) -> Bool {
        table.timeDimension != nil || table.columns.contains { $0.type == .timestamptz }
    }

    private static func unknownNames(
        in table: Table, timeName: String?, names: [String]?
    ) -> [String] {
        ((timeName.map { [$0] } ?? []) + (names ?? []))
            .filter { table.column(named: $0) == nil }
            .map { "there is no column \"\($0)\", which [[table]] names" }
    }

    /// The named one, else the hypertable's own, else the only timestamptz.
    private static func timeColumn(
        of table: Table, named timeName: String?, problems: inout [String]
    ) -> String? {
        if let name = timeName ?? table.timeDimension {
            guard let column = table.column(named: name) else { return nil }
            if column.type.isTime { return name }
            problems.append(
                "time column \"\(name)\" has type \(column.type), which is no timestamptz,"
                    + " timestamp or date")
            return nil
        }
        let candidates = table.columns.filter { $0.type == .timestamptz && !$0.isGenerated }
        if candidates.count == 1 { return candidates[0].name }
        // Creation stamps fill themselves; the reading's own time does not.
        let bare = candidates.filter { !$0.fillsItself }
        if bare.count == 1 { return bare[0].name }
        let names = candidates.map { "\"\($0.name)\"" }.joined(separator: ", ")
        problems.append(
            candidates.isEmpty
                ? "there is no timestamptz column; name the one for the time in [[table]] time"
                : "\(names) could all be the time; name it in [[table]] time")
        return nil
    }
}

extension Column {
    /// Whether the server has something for a row that leaves the column out.
    package var fillsItself: Bool { hasDefault || identity != .none }
}

extension ColumnType {
    /// Whether a point in time can be written to it.
    package var isTime: Bool { self == .timestamptz || self == .timestamp || self == .date }
}
