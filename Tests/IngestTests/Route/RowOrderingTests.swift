import Postgres
import TestSupport
import Testing

@testable import Ingest

/// In which order a batch goes into which table.
@Suite struct RowOrderingTests {
    private func target(_ sql: String) throws -> TableTarget {
        let server = try PrivatePostgres.shared()
        let database = try server.makeDatabase()
        try server.psql(sql, database: database)
        let configuration = try parse(
            """
            [database]
            conninfo = "\(server.conninfo(database: database, user: "postgres"))"
            """)
        var connection = try Connection.open(configuration.database)
        let catalog = try connection.catalog()
        let table = try #require(catalog.table(named: "t"))
        return try TableTarget(table, role: "postgres")
    }

    private func sorting(_ target: TableTarget) -> [SortColumn] {
        let brought = target.columns.indices.filter { !target.columns[$0].fillsItself }
        return RowOrdering.columns(of: target, in: brought.map(Int16.init))
    }

    private static let columns = """
        create table t (id bigint generated always as identity, at timestamptz not null,
            sensor bigint, place text, v float);
        """

    @Test(arguments: [
        "", "create index on t (at desc)", "alter table t add primary key (at, sensor)",
        "create index on t (id)",
        "alter table t add primary key (at, sensor); create index on t (place)",
        "create index on t ((v + 1))",
    ])
    func `rows go as they come where no index wants another order`(index: String) throws {
        let target = try target(Self.columns + index)
        #expect(RowOrdering.index(of: target) == nil)
        #expect(sorting(target).isEmpty)
    }

    @Test func `an index of a series is sorted for, in its directions`() throws {
        let target = try target(
            Self.columns
                + """
                alter table t add primary key (at, sensor); create index a on t (place);
                create index b on t (sensor, at desc)
                """)
        #expect(RowOrdering.index(of: target)?.name == "b")
        // The identity is not written: the time is the first column.
        #expect(
            sorting(target) == [
                SortColumn(position: 1, kind: .integer, isDescending: false),
                SortColumn(position: 0, kind: .integer, isDescending: true),
            ])
    }

    @Test func `of others the primary key counts most, and what a row leaves out ends it`() throws {
        let target = try target(
            Self.columns
                + "create index a on t (place); alter table t add primary key (sensor, place, at)")
        #expect(sorting(target).map(\.kind) == [.integer, .bytes])
        #expect(RowOrdering.columns(of: target, in: [1, 2]).map(\.position) == [1])
    }
}
