import Postgres

/// Whether the writers will be able to note how far they have come; without it nothing is written.
enum ProgressCheck {
    /// What the statements of `Progress` need, by right.
    private static let needs = [
        ("SELECT", ["ring_id", "source", "position"]),
        ("INSERT", ["ring_id", "source", "position"]),
        ("UPDATE", ["position", "updated_at"]),
    ]

    /// What is missing, and what to do; empty when all is there.
    static func problems(
        in catalog: Catalog, _ connection: inout Connection
    ) throws(PostgresError) -> [String] {
        let name = Destinations.progressTable
        guard
            let table = catalog.tables.first(where: {
                $0.isOnSearchPath && $0.name.isSameName(as: name)
            })
        else {
            let elsewhere = catalog.tables.first { $0.name.isSameName(as: name) }
            return [
                "table \(name) is missing; "
                    + (elsewhere.map { "\($0.sqlName) is not on the search path of the role" }
                        ?? "apply the files in schema/")
            ]
        }
        var columns: [String] = []
        for column in needs.flatMap(\.1) where !columns.contains(column) { columns.append(column) }
        let missing = columns.filter { table.column(named: $0) == nil }
        if !missing.isEmpty {
            return missing.map {
                "table \(table.sqlName) has no column \"\($0)\"; apply the files in schema/"
            }
        }
        var rights: [String] = []
        for (right, columns) in needs {
            let isMissing = try connection.query(
                """
                SELECT 1 FROM pg_catalog.unnest($3::text[]) c \
                WHERE NOT pg_catalog.has_column_privilege($1::oid, c, $2)
                """, [String(table.oid), right, "{" + columns.joined(separator: ",") + "}"])
            if !isMissing.isEmpty { rights.append(right) }
        }
        guard !rights.isEmpty else { return [] }
        return [
            "\(connection.role) may not \(rights.joined(separator: ", ")) in table"
                + " \(table.sqlName): GRANT SELECT, INSERT, UPDATE ON \(table.sqlName) TO"
                + " \(quotedIdentifier(connection.role))"
        ]
    }
}
