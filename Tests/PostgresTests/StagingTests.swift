import Postgres
import TestSupport
import Testing

private let readings = """
    create table t (at timestamptz not null, sensor bigint, v double precision,
        w double precision, primary key (sensor, at))
    """
private let all = ["at", "sensor", "v", "w"]
private let content = "select extract(hour from at)::int, sensor, v, w from t order by 1, 2"

@Suite struct StagingTests {
    @Test func `with ignore the first wins, in the table and among the rows`() throws {
        var stage = try Stage(readings)
        _ = try stage.merge(all, .ignore, [.hour(0), 1, 1.0, 1.0])
        let merge = try stage.merge(
            all, .ignore, [.hour(0), 1, 2.0, 2.0], [.hour(1), 1, 3.0, nil],
            [.hour(1), 1, 4.0, 4.0],
            [.hour(2), 1, 5.0, 5.0])
        #expect(merge.counts == [2, 2, 0])
        let rows = try stage.read(content)
        #expect(rows == ["0 1 1 1", "1 1 3 -", "2 1 5 5"])
    }

    @Test func `with replace the last wins as a whole, in the table and among the rows`() throws {
        var stage = try Stage(readings)
        _ = try stage.merge(all, .replace, [.hour(0), 1, 1.0, 1.0])
        let merge = try stage.merge(
            all, .replace, [.hour(0), 1, 2.0, 2.0], [.hour(1), 1, 3.0, 3.0],
            [.hour(0), 1, 9.0, nil], [.hour(1), 1, 4.0, 4.0], [.hour(2), 1, 5.0, 5.0])
        #expect(merge.counts == [2, 3, 0])
        let rows = try stage.read(content)
        #expect(rows == ["0 1 9 -", "1 1 4 4", "2 1 5 5"])
    }

    @Test(arguments: [Staging.Policy.ignore, .replace])
    func `rows without a conflict are all inserted`(policy: Staging.Policy) throws {
        var stage = try Stage(readings)
        let merge = try stage.merge(all, policy, [.hour(0), 1, 1.0, 1.0], [.hour(0), 2, 1.0, 1.0])
        #expect(merge.counts == [2, 0, 0])
        let none = try stage.merge(all, policy)
        #expect(none.counts == [0, 0, 0])
    }

    @Test(arguments: [Staging.Policy.ignore, .replace])
    func `chunk after chunk goes through one temporary table`(policy: Staging.Policy) throws {
        var stage = try Stage(readings)
        let staging = try #require(Staging(into: stage.table, columns: all, policy))
        try stage.connection.execute("begin; " + staging.create)
        var counts: [[Int]] = []
        for chunk in 0..<3 {
            try stage.connection.execute("savepoint chunk")
            counts.append(
                try stage.chunk(staging, [[.hour(0), 1, .double(Double(chunk)), nil]]).counts)
            try stage.connection.execute(staging.empty + "; release savepoint chunk")
        }
        try stage.connection.execute(staging.drop)
        let other = try #require(Staging(into: stage.table, columns: ["sensor", "at"], policy))
        try stage.connection.execute(other.create)
        counts.append(try stage.chunk(other, [[1, .hour(0)], [1, .hour(1)]]).counts)
        try stage.connection.execute("commit")
        #expect(counts == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 1, 0]])
        let rows = try stage.read(content)
        #expect(rows == [policy == .ignore ? "0 1 0 -" : "0 1 2 -", "1 1 - -"])
        let left = try stage.read("select relname from pg_class where relname ~ 'sluice'")
        #expect(left == [])
    }

    @Test func `a chunk that was rolled back counts nowhere`() throws {
        var stage = try Stage(
            "create table t (sensor bigint primary key, v double precision check (v < 9))")
        let staging = try #require(Staging(into: stage.table, columns: ["sensor", "v"], .replace))
        try stage.connection.execute("begin; \(staging.create); savepoint chunk")
        #expect(throws: PostgresError.self) {
            try stage.chunk(staging, [[1, 1.0], [2, 2.0], [1, 9.0]])
        }
        try stage.connection.execute("rollback to savepoint chunk")
        let first = try stage.chunk(staging, [[1, 1.0], [2, 2.0]])
        try stage.connection.execute(staging.empty)
        let second = try stage.chunk(staging, [[2, 5.0], [3, 3.0]])
        try stage.connection.execute("commit")
        #expect(first.counts == [2, 0, 0] && second.counts == [1, 1, 0])
        let rows = try stage.read("select * from t order by 1")
        #expect(rows == ["1 1", "2 5", "3 3"])
    }

    @Test func `many rows of one key are one, and quickly so`() throws {
        var stage = try Stage(readings)
        let values = (0..<20_000).map { [Value.hour(0), 1, .double(Double($0)), nil] }
        let merge = try stage.mergeAll(all, .replace, values)
        #expect(merge.counts == [1, 19_999, 0])
        let rows = try stage.read(content)
        #expect(rows == ["0 1 19999 -"])
    }
}

@Suite struct StagingKeyTests {
    @Test func `NULL in a key is a conflict with nothing`() throws {
        let table = "create table t (a bigint, b bigint, v bigint, unique (a, b))"
        for (policy, value) in [(Staging.Policy.ignore, 3), (.replace, 5)] {
            var stage = try Stage(table)
            let merge = try stage.merge(
                ["v", "a", "b"], policy, [1, nil, 7], [2, nil, 7], [3, 7, 7], [4, 7, nil],
                [5, 7, 7])
            #expect(merge.counts == [4, 1, 0])
            let rows = try stage.read("select v from t order by v")
            #expect(
                rows
                    == [1, 2, 3, 4, 5].filter { $0 == value || ![3, 5].contains($0) }.map(
                        String.init))
        }
    }

    @Test func `where NULL is a value, rows one by one replace it`() throws {
        var stage = try Stage(
            "create table t (a bigint, v bigint, unique nulls not distinct (a))")
        for value in 1...3 {
            let merge = try stage.merge(["a", "v"], .replace, [nil, .bigint(Int64(value))])
            #expect(merge.counts == (value == 1 ? [1, 0, 0] : [0, 1, 0]))
        }
        let error = #expect(throws: PostgresError.self) {
            _ = try stage.merge(["a", "v"], .replace, [nil, 4], [nil, 5])
        }
        // What rows are looked for by halves with.
        #expect(error.map(Remedy.init) == .rejectRows)
    }

    @Test func `with ignore every key counts`() throws {
        var stage = try Stage(
            """
            create table t (a bigint primary key, b bigint unique, c bigint);
            create unique index on t (c) where c > 10; create unique index on t ((c % 10));
            insert into t values (1, 1, 11)
            """)
        let merge = try stage.merge(
            ["a", "b", "c"], .ignore, [1, 2, 22], [2, 1, 22], [3, 3, 11], [4, 4, 21], [5, 5, 23],
            [6, 5, 24])
        #expect(merge.counts == [1, 5, 0])
        let rows = try stage.read("select a from t order by a")
        #expect(rows == ["1", "5"])
    }

    @Test func `with replace the primary key decides, and another key refuses the row`() throws {
        var stage = try Stage(
            """
            create table t (aa bigint unique, b bigint primary key, v bigint);
            insert into t values (1, 1, 1), (2, 2, 2)
            """)
        #expect(stage.table.decidingKey(columns: ["aa", "b"])?.columns == ["b"])
        let merge = try stage.merge(["aa", "b", "v"], .replace, [3, 1, 7])
        #expect(merge.counts == [0, 1, 0])
        let error = #expect(throws: PostgresError.self) {
            _ = try stage.merge(["aa", "b", "v"], .replace, [2, 1, 8])
        }
        #expect(error?.sqlState == "23505" && error?.constraint == "t_aa_key")
    }

    @Test func `a key decides only when the rows bring all of it, and when it is immediate`() throws
    {
        let stage = try Stage(
            """
            create table t (id bigint generated always as identity primary key, a bigint, b bigint,
                c bigint unique deferrable, d bigint, v bigint);
            create unique index z on t (a, b); create unique index partial on t (v) where v > 1;
            create unique index expression on t ((d + 1))
            """)
        let table = stage.table
        #expect(table.decidingKey(columns: ["v", "b", "a"])?.name == "z")
        #expect(table.decidingKey(columns: ["a", "b", "id"])?.columns == ["id"])
        #expect(table.decidingKey(columns: ["a", "c", "d", "v"]) == nil)
        #expect(Staging(into: table, columns: ["a", "v"], .ignore) == nil)
        #expect(Staging(into: table, columns: ["a", "v"], .replace) == nil)
    }

    @Test(arguments: [Staging.Policy.ignore, .replace])
    func `beside a deferrable key another one decides`(policy: Staging.Policy) throws {
        var stage = try Stage(
            """
            create table t (a bigint primary key, b bigint unique deferrable);
            insert into t values (1, 1)
            """)
        let merge = try stage.merge(["a", "b"], policy, [1, 1], [2, 2])
        #expect(merge.counts == [1, 1, 0])
        let error = #expect(throws: PostgresError.self) {
            _ = try stage.merge(["a", "b"], policy, [3, 1])
        }
        #expect(error?.sqlState == "23505")
    }

    @Test func `rows that bring nothing but the key stay as they are`() throws {
        var stage = try Stage(
            "create table t (a bigint primary key, v bigint default 7); insert into t values (1, 1)"
        )
        let merge = try stage.merge(["a"], .replace, [1], [2])
        #expect(merge.counts == [1, 1, 0])
        let rows = try stage.read("select * from t order by a")
        #expect(rows == ["1 1", "2 7"])
    }
}
