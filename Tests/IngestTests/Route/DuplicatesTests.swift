import Postgres
import TestSupport
import Testing

@testable import Ingest

/// What `sluice check` says of a table's duplicates.
@Suite struct DuplicatesTests {
    /// Checks a table `t` of a role that may insert into it and whatever else is said.
    private func check(
        _ policy: String, _ sql: String, grants: String = "", temporary: Bool = true
    ) throws -> (report: CheckReport, database: String) {
        let server = try PrivatePostgres.shared()
        let database = try server.makeDatabase()
        let role = "checker_of_\(database)"
        let rights = grants.isEmpty ? "" : "grant \(grants) on t to \(role);"
        try server.psql(
            """
            create role \(role) login; revoke temporary on database \(database) from public;
            create table sluice_progress (ring_id uuid, source text, position bigint,
                updated_at timestamptz);
            grant select, insert, update on sluice_progress to \(role);
            \(sql); grant insert on t to \(role); \(rights)
            \(temporary ? "grant temporary on database \(database) to \(role)" : "")
            """, database: database)
        let configuration = try parse(
            """
            [database]
            conninfo = "\(server.conninfo(database: database, user: role))"
            [[table]]
            name = "t"
            duplicates = "\(policy)"
            """)
        return (CheckReport(configuration), database)
    }

    private static let keyed = """
        create table t (at timestamptz, sensor bigint, v float, primary key (sensor, at))
        """

    @Test(arguments: [
        ("error", "", "is rejected"), ("ignore", "", "is dropped and counted, by every unique key"),
        ("replace", "select, update", "replaces the other and is counted, by the key (sensor, at)"),
    ])
    func `the plan tells the policy`(policy: String, grants: String, fate: String) throws {
        let report = try check(policy, Self.keyed, grants: grants).report
        #expect(report.problems == [])
        #expect(report.lines.contains("            a row whose key is there already \(fate)"))
    }

    @Test func `of a table without a key nothing is said, when nothing is wanted`() throws {
        let report = try check("error", "create table t (at timestamptz, v float)").report
        #expect(report.problems == [])
        #expect(!report.lines.contains { $0.contains("a row whose key") })
    }

    @Test(arguments: ["ignore", "replace"])
    func `a policy without a key that could decide is a problem`(policy: String) throws {
        let start = "table \"public\".\"t\": duplicates = \"\(policy)\" cannot work: "
        for table in [
            "create table t (at timestamptz, v float)",
            "create table t (at timestamptz, v float, w float generated always as (v) stored unique)",
            "create table t (at timestamptz, v float); create unique index on t (v) where v > 1",
        ] {
            let report = try check(policy, table, grants: "select, update").report
            #expect(
                report.problems == [
                    start + "there is no unique key, without conditions and expressions, of columns"
                        + " that lines fill; create one, or let them be rejected; until then a row"
                        + " whose key is there already is rejected"
                ])
            #expect(
                report.lines.contains("            a row whose key is there already is rejected"))
        }
        let deferrable = "create table t (at timestamptz constraint k unique deferrable)"
        let report = try check(policy, deferrable, grants: "select, update").report
        #expect(
            report.problems == [
                start + "constraint \"k\" is deferrable, and there is no other unique key to tell a"
                    + " duplicate by; make one that is not; until then a row whose key is there"
                    + " already is rejected"
            ])
    }

    /// The statement that merges rows with these columns; nil when they go by plain COPY.
    private func staging(
        _ sql: String, _ policy: String, _ columns: [String]
    ) throws -> Staging? {
        let server = try PrivatePostgres.shared()
        var connection = try Connection(
            conninfo: server.conninfo(database: server.makeDatabase()))
        try connection.execute(sql)
        let mappings = try parse("[[table]]\nname = \"t\"\nduplicates = \"\(policy)\"").tables
        let destinations = try Destinations(
            Catalog(&connection), mappings: mappings, role: connection.role)
        let target = try #require(destinations.targets.first?.usable)
        let indexes = columns.map { name in
            Int16(target.columns.firstIndex { $0.name == name }!)
        }
        let shape = CopyShape(target, 0, indexes, older: nil)
        defer { shape.release() }
        return shape.staging
    }

    @Test func `rows that lack a key's column go by plain COPY, as those that are rejected`() throws
    {
        let table = """
            create table t (at timestamptz not null, sensor bigint default 7, v float,
                unique (at, sensor))
            """
        let whole = ["at", "sensor", "v"]
        #expect(try staging(table, "ignore", whole)?.policy == .ignore)
        #expect(try staging(table, "replace", whole)?.policy == .replace)
        #expect(try staging(table, "error", whole) == nil)
        #expect(try staging(table, "ignore", ["at", "v"]) == nil)
        #expect(try staging(table, "replace", ["at", "v"]) == nil)
        let keyless = "create table t (at timestamptz, sensor bigint, v float)"
        #expect(try staging(keyless, "ignore", whole) == nil)
    }

    @Test func `a right that is missing is named with its GRANT`() throws {
        let (ignored, first) = try check("ignore", Self.keyed, temporary: false)
        #expect(
            ignored.problems == [
                "table \"public\".\"t\": duplicates = \"ignore\" cannot work: GRANT TEMPORARY ON"
                    + " DATABASE \"\(first)\" TO \"checker_of_\(first)\"; until then a row whose key"
                    + " is there already is rejected"
            ])
        for grants in ["", "select", "update", "select (sensor)"] {
            let (replaced, database) = try check(
                "replace", Self.keyed, grants: grants, temporary: !grants.isEmpty)
            let role = "\"checker_of_\(database)\""
            let temporary =
                grants.isEmpty ? "GRANT TEMPORARY ON DATABASE \"\(database)\" TO \(role); " : ""
            #expect(
                replaced.problems == [
                    "table \"public\".\"t\": duplicates = \"replace\" cannot work: \(temporary)GRANT"
                        + " SELECT, UPDATE ON \"public\".\"t\" TO \(role); until then a row whose key"
                        + " is there already is rejected"
                ])
        }
    }
}
