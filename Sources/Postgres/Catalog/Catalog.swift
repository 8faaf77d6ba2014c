/// What the database has, seen with the rights of the connection's role.
package struct Catalog: Equatable, Sendable {
    /// Ordinary and partitioned tables of all schemas that the role may use, but for system tables,
    /// partitions, chunks and temporary tables; sorted by schema and name.
    package let tables: [Table]
    /// The extension's version, when the database has it.
    package let timescaleVersion: String?
    /// The database's name.
    package let database: String
    /// Whether the role may make temporary tables in the database, as `Staging` does.
    package let mayStage: Bool

    /// What somebody else has read or made up.
    package init(
        tables: [Table], timescaleVersion: String? = nil, database: String = "",
        mayStage: Bool = true
    ) {
        self.tables = tables
        self.timescaleVersion = timescaleVersion
        self.database = database
        self.mayStage = mayStage
    }

    /// Reads it all, of one moment, in a transaction of its own. Cheap enough for every reload, too
    /// dear for every batch.
    package init(_ connection: inout Connection) throws(PostgresError) {
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        var builder = CatalogBuilder()
        try Self.read(CatalogQuery.tables, from: &connection) { builder.add($0) }
        timescaleVersion = try connection.query(CatalogQuery.timescaleVersion).first?[0]
        let temporary = try connection.query(CatalogQuery.temporary)[0]
        database = temporary[0] ?? ""
        mayStage = temporary[1] == "t"
        if timescaleVersion != nil {
            for row in try connection.query(CatalogQuery.timeDimensions) { builder.addTime(row) }
            for row in try connection.query(CatalogQuery.strayChunks) { builder.remove(row) }
        }
        var tables = builder.tables.sorted { left, right in
            left.schema.isSameName(as: right.schema)
                ? left.name.isNameBefore(right.name) : left.schema.isNameBefore(right.schema)
        }
        let fingerprints = try Fingerprint.read(tables.map(\.sqlName), &connection)
        for (index, text) in fingerprints.enumerated() { tables[index].fingerprint = text }
        self.tables = tables
        try connection.execute("COMMIT")
    }

    /// Rows of an answer that are in memory at a time: a large catalog has a hundred thousand.
    private static let rowsAtATime = 500

    /// Reads a large answer piece by piece within the open transaction.
    private static func read(
        _ question: String, from connection: inout Connection, _ take: ([String?]) -> Void
    ) throws(PostgresError) {
        try connection.execute("DECLARE catalog NO SCROLL CURSOR FOR " + question)
        var isMore = true
        while isMore {
            let rows = try connection.query("FETCH \(rowsAtATime) FROM catalog")
            for row in rows { take(row) }
            isMore = rows.count == rowsAtATime
        }
        try connection.execute("CLOSE catalog")
    }

    /// How many columns all tables have together.
    package var columnCount: Int { tables.reduce(0) { $0 + $1.columns.count } }

    /// Bytes of memory that it takes, names and what the allocator adds included.
    package var byteCount: Int {
        tables.reduce(0) { sum, table in
            let columns = table.columns.reduce(sum + Self.tableOverhead) {
                $0 + MemoryLayout<Column>.stride + $1.name.utf8.count + Self.columnOverhead
            }
            return table.indexes.reduce(columns) { sum, index in
                index.columns.reduce(sum + Self.columnOverhead + index.name.utf8.count) {
                    $0 + MemoryLayout<TableIndex.Column>.stride + $1.name.utf8.count
                        + Self.columnOverhead
                }
            }
        }
    }

    /// Of a table without columns: itself, its names, its keys.
    private static let tableOverhead = 1_024
    /// Of a column beside itself and its name: the texts' headers, the domain's or type's name.
    private static let columnOverhead = 96

    /// The table of this name: `name` as the search path finds it, else `schema.name`.
    ///
    /// Names are compared as they stand; there is no folding to lower case.
    package func table(named name: String) -> Table? {
        if let table = tables.first(where: { $0.isOnSearchPath && $0.name.isSameName(as: name) }) {
            return table
        }
        return tables.first { "\($0.schema).\($0.name)".isSameName(as: name) }
    }
}

/// Puts the rows of the queries together.
private struct CatalogBuilder {
    private(set) var tables: [Table] = []
    private var indexes: [UInt32: Int] = [:]

    /// Takes a row of `CatalogQuery.tables`: first its kind, then the table's oid. Tables come first.
    mutating func add(_ row: [String?]) {
        guard let oid = row[1].flatMap({ UInt32($0) }) else { return }
        switch row[0] {
        case "table":
            indexes[oid] = tables.count
            tables.append(Self.table(oid, row))
        case "column":
            change(oid) { $0.columns.append(Self.column(row)) }
        case "key":
            change(oid) { Self.addKeyColumn(row, to: &$0) }
        default:
            change(oid) { Self.addIndexColumn(row, to: &$0) }
        }
    }

    /// Takes oid and column name; the first dimension of a table comes first.
    mutating func addTime(_ row: [String?]) {
        guard let oid = row[0].flatMap({ UInt32($0) }) else { return }
        change(oid) { if $0.timeDimension == nil { $0.timeDimension = row[1] } }
    }

    /// Takes the oid of what is a chunk after all.
    mutating func remove(_ row: [String?]) {
        guard let oid = row[0].flatMap({ UInt32($0) }), indexes[oid] != nil else { return }
        tables.removeAll { $0.oid == oid }
        indexes = Dictionary(
            uniqueKeysWithValues: tables.enumerated().map { ($1.oid, $0) })
    }

    private mutating func change(_ oid: UInt32, _ body: (inout Table) -> Void) {
        if let index = indexes[oid] { body(&tables[index]) }
    }

    private static func table(_ oid: UInt32, _ row: [String?]) -> Table {
        var table = Table(
            oid: oid, schema: row[3] ?? "", name: row[4] ?? "", isOnSearchPath: row[5] == "t",
            isPartitioned: row[6] == "t", mayInsert: row[7] == "t", hasRowSecurity: row[8] == "t",
            columns: [], uniqueKeys: [])
        table.mayReplace = row[10] == "t"
        table.columns.reserveCapacity(row[9].flatMap { Int($0) } ?? 0)
        return table
    }

    private static func column(_ row: [String?]) -> Column {
        let type = ColumnType(
            oid: row[9].flatMap { UInt32($0) } ?? 0, modifier: row[10].flatMap { Int32($0) } ?? -1,
            name: row[4] ?? "")
        let identity: Column.Identity =
            switch row[11] {
            case "a": .always
            case "d": .byDefault
            default: .none
            }
        return Column(
            name: row[3] ?? "", type: type, domain: row[8], isNotNull: row[5] == "t",
            hasDefault: row[6] == "t", identity: identity, isGenerated: row[12] == "t",
            mayInsert: row[7] == "t")
    }

    /// Key columns come sorted by key and place.
    private static func addKeyColumn(_ row: [String?], to table: inout Table) {
        let name = row[3] ?? ""
        if table.uniqueKeys.last?.name.isSameName(as: name) != true {
            table.uniqueKeys.append(
                UniqueKey(
                    name: name, columns: [], isPrimary: row[5] == "t", isImmediate: row[6] == "t"))
        }
        table.uniqueKeys[table.uniqueKeys.count - 1].columns.append(row[4] ?? "")
    }

    /// Index columns come sorted by index and place.
    private static func addIndexColumn(_ row: [String?], to table: inout Table) {
        let name = row[3] ?? ""
        if table.indexes.last?.name.isSameName(as: name) != true {
            table.indexes.append(TableIndex(name: name, columns: []))
        }
        table.indexes[table.indexes.count - 1].columns.append(
            TableIndex.Column(name: row[4] ?? "", isDescending: row[7] == "t"))
    }
}
