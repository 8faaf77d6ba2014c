import Postgres
import TestSupport
import Testing

/// Staging into tables of every kind.
@Suite struct StagingTableTests {
    @Test(.enabled("TimescaleDB is not installed") { try PrivatePostgres.shared().hasTimescale })
    func `hypertables keep to both policies, in plain and in compressed chunks`() throws {
        var stage = try Stage(
            """
            create table t (at timestamptz not null, sensor bigint not null, v double precision,
                primary key (sensor, at));
            select create_hypertable('t', 'at', chunk_time_interval => interval '1 day');
            """, timescale: true)
        let columns = ["sensor", "at", "v"]
        _ = try stage.merge(columns, .replace, [1, .hour(0), 1.0], [1, .hour(30), 1.0])
        for isCompressed in [false, true] {
            if isCompressed {
                try stage.connection.execute(
                    """
                    alter table t set (timescaledb.compress, timescaledb.compress_segmentby = 'sensor');
                    select compress_chunk(c) from show_chunks('t') c
                    """)
            }
            let start: Int64 = isCompressed ? 60 : 50
            let ignored = try stage.merge(
                columns, .ignore, [1, .hour(0), 5.0], [1, .hour(start), 5.0], [1, .hour(30), 5.0])
            #expect(ignored.counts == [1, 2, 0])
            let replaced = try stage.merge(
                columns, .replace, [1, .hour(0), 6.0], [1, .hour(start + 1), 6.0],
                [1, .hour(0), 7.0])
            #expect(replaced.counts == [1, 2, 0])
        }
        let rows = try stage.read("select v from t order by at")
        #expect(rows == ["7", "1", "5", "6", "5", "6"])
    }

    @Test(.enabled("TimescaleDB is not installed") { try PrivatePostgres.shared().hasTimescale })
    func `replacing more in compressed chunks than the server allows is held`() throws {
        var stage = try Stage(
            """
            create table t (at timestamptz not null, sensor bigint not null, v double precision,
                primary key (sensor, at));
            select create_hypertable('t', 'at', chunk_time_interval => interval '1 day');
            alter table t set (timescaledb.compress, timescaledb.compress_segmentby = 'sensor');
            insert into t select '2026-01-01'::timestamptz + n * interval '1s', 1, 1
                from generate_series(0, 99) n;
            select compress_chunk(c) from show_chunks('t') c;
            set timescaledb.max_tuples_decompressed_per_dml_transaction = 10
            """, timescale: true)
        let error = #expect(throws: PostgresError.self) {
            _ = try stage.merge(["at", "sensor", "v"], .replace, [.hour(0), 1, 2.0])
        }
        #expect(error?.sqlState == "53400")
        #expect(error.map(Remedy.init) == .hold)
        #expect(error.map(Staging.isImpossible) == false)
        #expect(error?.hint?.contains("max_tuples_decompressed_per_dml_transaction") == true)
        let merge = try stage.merge(
            ["at", "sensor", "v"], .ignore, [.hour(0), 1, 2.0], [.hour(1), 1, 2.0])
        #expect(merge.counts == [1, 1, 0])
    }

    @Test func `partitioned tables keep to both policies`() throws {
        var stage = try Stage(
            """
            create table t (at timestamptz, sensor bigint, v double precision,
                primary key (sensor, at)) partition by range (at);
            create table t1 partition of t for values from ('2026-01-01') to ('2026-01-02');
            create table t2 partition of t for values from ('2026-01-02') to ('2026-01-03')
            """)
        let columns = ["sensor", "at", "v"]
        _ = try stage.merge(columns, .replace, [1, .hour(0), 1.0], [1, .hour(30), 1.0])
        let replaced = try stage.merge(
            columns, .replace, [1, .hour(0), 2.0], [1, .hour(30), 2.0], [1, .hour(31), 2.0])
        #expect(replaced.counts == [1, 2, 0])
        let ignored = try stage.merge(
            columns, .ignore, [1, .hour(0), 3.0], [1, .hour(40), 3.0], [1, .hour(31), 3.0])
        #expect(ignored.counts == [1, 2, 0])
        let rows = try stage.read("select v from t order by at")
        #expect(rows == ["2", "2", "2", "3"])
    }

    @Test func `names of every kind are taken as they stand`() throws {
        for name in [
            #"a"b"#, "EXCLUDED", "excluded", "place", "sluice_row", "sluice_target", "s", "größe",
        ] {
            let quoted = quotedIdentifier(name)
            var stage = try Stage(
                """
                create schema \(quoted);
                create table \(quoted).\(quoted) (\(quoted) bigint primary key, v bigint);
                set search_path = \(quoted), public
                """, table: name)
            _ = try stage.merge([name, "v"], .replace, [1, 1])
            let replaced = try stage.merge([name, "v"], .replace, [1, 2], [2, 2], [1, 3])
            #expect(replaced.counts == [1, 2, 0])
            let ignored = try stage.merge([name, "v"], .ignore, [1, 4], [3, 4])
            #expect(ignored.counts == [1, 1, 0])
        }
    }

    @Test func `a table named like the temporary one is another`() throws {
        for schema in ["public", "other"] {
            var stage = try Stage(
                """
                create schema other;
                create table \(schema).sluice_staging (sluice_row bigint primary key, v bigint);
                set search_path = \(schema), pg_temp
                """, table: "sluice_staging")
            _ = try stage.merge(["sluice_row", "v"], .replace, [1, 1])
            let merge = try stage.merge(["sluice_row", "v"], .replace, [1, 2], [2, 2])
            #expect(merge.counts == [1, 1, 0])
        }
    }

    @Test func `types keep their precision, their domain and their collation`() throws {
        var stage = try Stage(
            """
            create domain small as numeric(4,1) check (value < 100);
            create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            create table t (at timestamptz(0), name text collate blind, v small,
                primary key (name, at))
            """)
        let columns = ["at", "name", "v"]
        let merge = try stage.merge(
            columns, .replace, [.hour(0), "A", nil], [.millisecond(400), "a", nil])
        #expect(merge.counts == [1, 1, 0])
        let staging = try #require(Staging(into: stage.table, columns: columns, .ignore))
        try stage.connection.execute("begin; " + staging.create)
        let formats = try stage.read(
            """
            select format_type(atttypid, atttypmod) from pg_attribute
            where attrelid = 'pg_temp.sluice_staging'::regclass and attnum > 0 order by attnum
            """)
        #expect(formats == ["timestamp(0) with time zone", "text", "small", "bigint"])
    }

    @Test func `identity and generated columns are as in a plain COPY`() throws {
        var stage = try Stage(
            """
            create table t (id bigint generated always as identity, other bigint generated by default
                as identity, sensor bigint primary key, v bigint,
                twice bigint generated always as (v * 2) stored)
            """)
        _ = try stage.merge(["sensor", "v"], .replace, [7, 1])
        _ = try stage.merge(
            ["id", "other", "sensor", "v"], .replace, [50, 60, 7, 2], [51, 61, 8, 2])
        let rows = try stage.read("select * from t order by sensor")
        #expect(rows == ["1 60 7 2 4", "51 61 8 2 4"])
        _ = try stage.merge(["id", "sensor", "v"], .ignore, [70, 9, 3])
        let last = try stage.read("select id, twice from t where sensor = 9")
        #expect(last == ["70 6"])
    }

    @Test func `what triggers leave out is counted apart`() throws {
        var stage = try Stage(
            """
            create table t (sensor bigint primary key, v bigint);
            create function quiet() returns trigger language plpgsql
                as 'begin if new.v = 13 then return null; end if; return new; end';
            create trigger quiet before insert on t for each row execute function quiet();
            create trigger same before update on t for each row
                execute function suppress_redundant_updates_trigger();
            insert into t values (1, 1), (2, 2)
            """)
        let merge = try stage.merge(
            ["sensor", "v"], .replace, [1, 1], [2, 3], [3, 13], [4, 4], [4, 5])
        #expect(merge.counts == [1, 3, 1])
        let rows = try stage.read("select * from t order by sensor")
        #expect(rows == ["1 1", "2 3", "4 5"])
        let ignored = try stage.merge(["sensor", "v"], .ignore, [1, 9], [5, 13], [6, 6])
        #expect(ignored.counts == [1, 2, 0])
    }

    @Test func `what a domain or a column refuses is a bad row`() throws {
        var stage = try Stage(
            """
            create domain small as bigint check (value < 100);
            create table t (sensor bigint primary key, v small, w bigint not null, x bigint
                references t initially deferred)
            """)
        for (values, sqlState) in [
            ([1, 100, 1, nil], "23514"), ([1, 1, nil, nil], "23502"), ([1, 1, 1, 9], "23503"),
        ] as [([Value], String)] {
            let error = #expect(throws: PostgresError.self) {
                _ = try stage.merge(["sensor", "v", "w", "x"], .replace, values)
            }
            #expect(error?.sqlState == sqlState)
            #expect(error.map(Remedy.init) == .rejectRows)
            #expect(error.map(Staging.isImpossible) == false)
        }
    }
}

@Suite struct StagingRightTests {
    /// A connection of a role that may do what is said.
    private func stage(_ sql: String, _ rights: String) throws -> Stage {
        let server = try PrivatePostgres.shared()
        let database = try server.makeDatabase()
        let role = "writer_of_\(database)"
        let rights = rights.replacing("ROLE", with: role).replacing("DATABASE", with: database)
        try server.psql(
            """
            create role \(role) login; revoke temporary on database \(database) from public;
            \(sql); \(rights)
            """, database: database)
        return try Stage(Connection(conninfo: server.conninfo(database: database, user: role)))
    }

    private let table = "create table t (sensor bigint primary key, v bigint)"

    @Test func `ignore wants the right to insert and to make temporary tables, and no other`()
        throws
    {
        var stage = try stage(
            table, "grant insert on t to ROLE; grant temporary on database DATABASE to ROLE")
        let merge = try stage.merge(["sensor", "v"], .ignore, [1, 1], [1, 2])
        #expect(merge.counts == [1, 1, 0])
        #expect(!stage.table.mayReplace)
        let error = #expect(throws: PostgresError.self) {
            _ = try stage.merge(["sensor", "v"], .replace, [1, 1])
        }
        #expect(error?.sqlState == "42501")
        #expect(error.map(Staging.isImpossible) == true)
        let mayStage = try Catalog(&stage.connection).mayStage
        #expect(mayStage)
    }

    @Test func `replace wants to read and to update too`() throws {
        var stage = try stage(
            table,
            """
            grant insert, select, update on t to ROLE;
            grant temporary on database DATABASE to ROLE
            """)
        #expect(stage.table.mayReplace)
        _ = try stage.merge(["sensor", "v"], .replace, [1, 1], [1, 2])
        let merge = try stage.merge(["sensor", "v"], .replace, [1, 1], [2, 2])
        #expect(merge.counts == [1, 1, 0])
    }

    @Test func `without the right to make temporary tables neither can work`() throws {
        var stage = try stage(table, "grant insert, select, update on t to ROLE")
        let mayStage = try Catalog(&stage.connection).mayStage
        #expect(!mayStage)
        let error = #expect(throws: PostgresError.self) {
            _ = try stage.merge(["sensor", "v"], .ignore, [1, 1])
        }
        #expect(error.map(Staging.isImpossible) == true)
    }

    @Test func `a key that went away, and rules, close the way and not the row`() throws {
        var stage = try Stage(table)
        try stage.connection.execute("alter table t drop constraint t_pkey")
        var error = #expect(throws: PostgresError.self) {
            _ = try stage.merge(["sensor", "v"], .replace, [1, 1])
        }
        #expect(error?.sqlState == "42P10" && error.map(Staging.isImpossible) == true)
        try stage.connection.execute(
            "alter table t add primary key (sensor); create rule r as on insert to t do also select 1"
        )
        error = #expect(throws: PostgresError.self) {
            _ = try stage.merge(["sensor", "v"], .ignore, [1, 1])
        }
        #expect(error?.sqlState == "0A000" && error.map(Staging.isImpossible) == true)
    }

    @Test(arguments: ["55P03", "23505", "40001", "57P01", "53400", "08006"])
    func `an error that says something else is none of that`(sqlState: String) {
        #expect(!Staging.isImpossible(PostgresError(sqlState: sqlState, message: "m")))
    }
}
