/// What a table looks like to a writer, in one text: another one when a column was added, dropped,
/// renamed or changed in type, length, NOT NULL, default, or when the name leads to another table.
///
/// Binary COPY has no types of its own. A value that was encoded for a column as it used to be may be
/// taken for another value, so whoever writes compares this before the COMMIT: by then COPY holds the
/// locks that keep the tables as they are.
package enum Fingerprint {
    /// SQL for a list of tables: `parameter` is the placeholder of an array of `Table.sqlName`.
    ///
    /// A scalar subquery; what it gives is what `expected` makes of the single ones.
    package static func ofTables(parameter: String) -> String {
        """
        (select pg_catalog.string_agg(\(single), ',' order by t.place) \
        from pg_catalog.unnest(\(parameter)::text[]) with ordinality as t (name, place))
        """
    }

    /// The text for tables whose single ones are known, in their order; nil for none.
    package static func expected(_ singles: [String]) -> String? {
        singles.isEmpty ? nil : singles.joined(separator: ",")
    }

    /// Asks for each table.
    ///
    /// - Parameter names: as `Table.sqlName`.
    /// - Returns: a text for each, in the order of the names.
    package static func read(
        _ names: [String], _ connection: inout Connection
    ) throws(PostgresError) -> [String] {
        let rows = try connection.query(
            """
            select \(single) from pg_catalog.unnest($1::text[]) with ordinality as t (name, place) \
            order by t.place
            """, [arrayLiteral(names)])
        return rows.map { $0[0] ?? "" }
    }

    private static let single = """
        (select pg_catalog.md5(coalesce(pg_catalog.string_agg(pg_catalog.concat_ws(':', a.attrelid, \
        a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef, a.attidentity, \
        a.attgenerated), ',' order by a.attnum), '')) \
        from pg_catalog.pg_attribute a \
        where a.attrelid = pg_catalog.to_regclass(t.name) and a.attnum > 0 and not a.attisdropped)
        """
}

/// An array of texts as SQL reads it.
package func arrayLiteral(_ texts: [String]) -> String {
    var literal = String.UnicodeScalarView("{".unicodeScalars)
    for (index, text) in texts.enumerated() {
        literal.append(contentsOf: (index == 0 ? "\"" : ",\"").unicodeScalars)
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { literal.append("\\") }
            literal.append(scalar)
        }
        literal.append("\"")
    }
    literal.append("}")
    return String(literal)
}
