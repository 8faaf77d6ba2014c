import Postgres
import TestSupport
import Testing

/// Random chunks into tables of every kind, compared with a model.
@Suite struct StagingModelTests {
    /// A row of the model; the key is nil where NULL stands in it, which is a conflict with nothing.
    private struct Key: Hashable {
        let sensor: Int64?
        let hour: Int64
    }

    private struct Model {
        var byKey: [Key: String] = [:]
        var unkeyed: [String] = []

        /// Gives inserted and duplicates.
        mutating func add(_ chunk: [(Key, String)], _ policy: Staging.Policy) -> [Int] {
            var inserted = 0
            for (key, row) in chunk {
                if key.sensor == nil {
                    unkeyed.append(row)
                    inserted += 1
                } else if byKey[key] == nil {
                    byKey[key] = row
                    inserted += 1
                } else if policy == .replace {
                    byKey[key] = row
                }
            }
            return [inserted, chunk.count - inserted, 0]
        }

        var rows: [String] { (Array(byKey.values) + unkeyed).sorted() }
    }

    private static let columns = "at timestamptz not null, sensor bigint, v bigint, w bigint"
    static let tables: [(String, String)] = [
        ("plain", "create table t (\(columns), unique (sensor, at))"),
        (
            "partitioned",
            """
            create table t (\(columns), unique (sensor, at)) partition by range (at);
            create table t1 partition of t for values from ('2026-01-01') to ('2026-01-02');
            create table t2 partition of t for values from ('2026-01-02') to ('2026-02-01')
            """
        ),
        (
            "hypertable",
            """
            create table t (\(columns), unique (sensor, at));
            select create_hypertable('t', 'at', chunk_time_interval => interval '1 day')
            """
        ),
    ]

    @Test(arguments: tables, [Staging.Policy.ignore, .replace])
    func `the table and the counts are those of the model`(
        table: (kind: String, sql: String), policy: Staging.Policy
    ) throws {
        let isHypertable = table.kind == "hypertable"
        if try isHypertable && !PrivatePostgres.shared().hasTimescale { return }
        let seed = randomSeed(for: "\(policy) in a \(table.kind) table")
        var generator = SeededGenerator(seed: seed)
        var stage = try Stage(table.sql, timescale: isHypertable)
        var model = Model()
        for _ in 0..<30 {
            var values: [[Value]] = []
            var chunk: [(Key, String)] = []
            for _ in 0..<Int.random(in: 0...60, using: &generator) {
                let sensor = Int64.random(in: 0...5, using: &generator)
                let key = Key(
                    sensor: sensor == 0 ? nil : sensor,
                    hour: Int64.random(in: 0...47, using: &generator))
                let v = Int64.random(in: 0...9, using: &generator)
                let w = Bool.random(using: &generator) ? v : nil
                values.append([
                    w.map(Value.bigint) ?? nil, .hour(key.hour),
                    key.sensor.map(Value.bigint) ?? nil, .bigint(v),
                ])
                let texts = [key.sensor, key.hour, v, w].map { $0.map(String.init) ?? "-" }
                chunk.append((key, texts.joined(separator: " ")))
            }
            let merge = try stage.mergeAll(["w", "at", "sensor", "v"], policy, values)
            #expect(merge.counts == model.add(chunk, policy), "seed \(seed)")
        }
        let hours = "(extract(epoch from at - '2026-01-01') / 3600)::int"
        let rows = try stage.read("select sensor, \(hours), v, w from t")
        #expect(rows.sorted() == model.rows, "seed \(seed)")
    }
}
