package import Postgres

/// A table that readings go to, with what the configuration and the catalog say of it.
package struct TableTarget: Sendable {
    package let table: Table
    /// The columns that a tag or field of their name fills, and the time column; in the table's
    /// order. A column with a default or without NOT NULL may be left out by a line.
    package let columns: [Column]
    /// Which of `columns` gets the line's timestamp.
    package let timeIndex: Int
    /// What becomes of rows whose key is there already.
    package let duplicates: Duplicates
    /// Indexes of `columns` in the order of the names' bytes.
    private let order: [Int32]

    /// Why a table cannot take readings as it is, and what to do; one sentence per problem.
    package struct Problems: Error, Equatable {
        package let table: String
        package let texts: [String]
        /// Whether it is worth a word before a line for the table has come: the operator has named
        /// the table, or the role could write to it.
        package let isToBeTold: Bool

        /// The table's own name, without its schema and as it is outside of SQL.
        package var tableName: String {
            guard table.hasSuffix("\""), let schema = table.firstRange(of: "\".\"") else {
                return table
            }
            return String(table[schema.upperBound...].dropLast()).replacing("\"\"", with: "\"")
        }

        /// All of it on one line.
        package var description: String { texts.joined(separator: "; ") }
    }

    /// - Parameters:
    ///   - timeName: the column for the timestamp, when the operator has named it.
    ///   - names: the only columns to fill, when the operator has listed them.
    ///   - isNamed: whether the operator has named the table.
    ///   - duplicates: what the operator wants to become of rows whose key is there already.
    ///   - role: who is to write, for advice about rights.
    init(
        _ table: Table, timeName: String? = nil, names: [String]? = nil, isNamed: Bool = false,
        duplicates: Configuration.Duplicates = .error, rights: StagingRights = .all, role: String
    ) throws(Problems) {
        self.table = table
        var texts = Self.unusableNames(in: table, timeName: timeName, names: names, role)
        let time = Self.timeIndex(of: table, named: timeName, problems: &texts)
        var chosen: [Int] = []
        if let time {
            texts += Self.timeProblem(table.columns[time], table, role).map { [$0] } ?? []
            chosen = [time]
        }
        for (index, column) in table.columns.enumerated() where index != time {
            guard names?.contains(where: column.name.isSameName(as:)) ?? true,
                !column.isGenerated, column.mayInsert
            else { continue }
            if case .unsupported(let type) = column.type {
                texts.append(
                    "column \"\(column.name)\" has type \(type), which cannot be written;"
                        + " list the columns to fill in [[table]] columns, without it")
            }
            chosen.append(index)
        }
        for (index, column) in table.columns.enumerated()
        where column.isRequired && !chosen.contains(index) {
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
        if table.hasRowSecurity { texts.append(Self.rowSecurityProblem(table, role)) }
        guard texts.isEmpty, let time else {
            throw Problems(
                table: table.sqlName, texts: texts, isToBeTold: isNamed || table.mayInsert)
        }
        chosen.sort()
        timeIndex = chosen.firstIndex(of: time)!
        // One array for both where that is possible: catalogs can be large.
        let isWhole = chosen.count == table.columns.count
        let columns = isWhole ? table.columns : chosen.map { table.columns[$0] }
        self.columns = columns
        self.duplicates = Duplicates(duplicates, in: table, filling: columns, rights)
        order = columns.indices
            .sorted { columns[$0].name.isNameBefore(columns[$1].name) }.map(Int32.init)
    }

    /// The column that a tag or field of this name fills; never the time column.
    package func columnIndex(named name: UnsafeBufferPointer<UInt8>) -> Int? {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            let index = Int(order[middle])
            let column = columns[index].name.utf8
            if unsafe column.lexicographicallyPrecedes(name) {
                low = middle + 1
            } else if unsafe column.elementsEqual(name) {
                return index == timeIndex ? nil : index
            } else {
                high = middle
            }
        }
        return nil
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

    /// Names that the operator has written and that cannot be meant; the time column's rights and
    /// kind are looked at where it is chosen.
    private static func unusableNames(
        in table: Table, timeName: String?, names: [String]?, _ role: String
    ) -> [String] {
        var texts: [String] = []
        if let timeName, table.column(named: timeName) == nil {
            texts.append("there is no column \"\(timeName)\", which [[table]] time names")
        }
        for name in names ?? [] where timeName?.isSameName(as: name) != true {
            guard let column = table.column(named: name) else {
                texts.append("there is no column \"\(name)\", which [[table]] columns names")
                continue
            }
            if column.isGenerated {
                texts.append(
                    "column \"\(name)\" is generated by the server and takes no values; take it"
                        + " out of [[table]] columns")
            } else if !column.mayInsert && !column.isRequired {
                texts.append("column \"\(name)\" " + rightProblem(column, table, role))
            }
        }
        return texts
    }

    private static func rightProblem(_ column: Column, _ table: Table, _ role: String) -> String {
        "may not be written: GRANT INSERT (\(quotedIdentifier(column.name)))"
            + " ON \(table.sqlName) TO \(role)"
    }

    private static func rowSecurityProblem(_ table: Table, _ role: String) -> String {
        "row-level security applies to \(role), and COPY cannot write then:"
            + " ALTER TABLE \(table.sqlName) DISABLE ROW LEVEL SECURITY,"
            + " or ALTER ROLE \(quotedIdentifier(role)) BYPASSRLS"
    }

    /// Why a column cannot take the time.
    private static func timeProblem(
        _ column: Column, _ table: Table, _ role: String
    ) -> String? {
        let problem: String
        if !column.type.isTime {
            problem = "has type \(column.type), which is no timestamptz, timestamp or date"
        } else if column.isGenerated {
            problem =
                "is generated by the server and takes no values; name another in [[table]] time"
        } else if !column.mayInsert {
            problem = rightProblem(column, table, role)
        } else {
            return nil
        }
        return "time column \"\(column.name)\" " + problem
    }

    /// The named one, else the hypertable's own, else the only timestamptz.
    private static func timeIndex(
        of table: Table, named timeName: String?, problems: inout [String]
    ) -> Int? {
        let columns = table.columns
        if let name = timeName ?? table.timeDimension {
            return columns.firstIndex { $0.name.isSameName(as: name) }
        }
        let candidates = columns.indices.filter {
            columns[$0].type == .timestamptz && !columns[$0].isGenerated
        }
        if candidates.count == 1 { return candidates[0] }
        // Creation stamps fill themselves; the reading's own time does not.
        let bare = candidates.filter { !columns[$0].fillsItself }
        if bare.count == 1 { return bare[0] }
        let names = candidates.map { "\"\(columns[$0].name)\"" }.joined(separator: ", ")
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
