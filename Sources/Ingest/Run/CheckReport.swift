import Postgres

/// What `sluice check` prints: what the configuration means, and where readings go.
package struct CheckReport: Sendable {
    /// The plan, line by line.
    package private(set) var lines: [String] = []
    /// What stands in the way; empty when everything is in order.
    package private(set) var problems: [String] = []
    /// Whether the database could be asked.
    package private(set) var hasSeenDatabase = false

    package init(_ configuration: Configuration) {
        describe(configuration)
        let place = lines.count
        var plan = MemoryPlan(configuration)
        do throws(PostgresError) {
            try inspect(configuration, &plan)
        } catch {
            problems.append(
                "database: \(error.description); readings would be kept in the ring")
        }
        lines.insert(contentsOf: Self.description(of: plan), at: place)
    }

    private mutating func describe(_ configuration: Configuration) {
        for listener in configuration.listeners {
            let from = listener.allow.map(\.description).joined(separator: ", ")
            lines.append(
                "listen    udp \(listener.listen) as \"\(listener.name)\", timestamps in"
                    + " \(listener.precision.name)"
                    + "\(Self.window(ahead: listener.aheadMax, age: listener.ageMax)), from"
                    + " \(from.isEmpty ? "everywhere" : from)")
        }
        for files in configuration.files { describe(files) }
        let ring = configuration.ring
        lines.append(
            "ring      \(ring.lanes) × \(Size.text(ring.size)) in \(ring.directory),"
                + " \(ring.overflow.rawValue) when full, to disk every \(Interval.text(ring.sync))")
        let rejects = configuration.rejects
        lines.append(
            rejects.size == 0
                ? "rejects   refused lines are counted and not kept"
                : "rejects   up to \(Size.text(rejects.size)) in \(rejects.directory)")
        let batch = configuration.batch
        lines.append(
            "batch     up to \(batch.rows) rows or \(Size.text(batch.bytes)),"
                + " every \(Interval.text(batch.interval)) at most")
    }

    private mutating func describe(_ files: Configuration.Files) {
        var text = "\(files.mode.rawValue.padding(to: 10))\(files.path) as \"\(files.name)\","
        text += " timestamps in \(files.precision.name)"
        text += Self.window(ahead: files.aheadMax, age: files.ageMax)
        if files.mode == .drop {
            let folder = files.done == .move ? " to \(files.doneDirectory)" : ""
            text += ", complete after \(Interval.text(files.unchanged)) without a change, then"
            text += " \(files.done.rawValue)\(folder)"
        }
        lines.append(text)
    }

    /// Which times are believed.
    private static func window(ahead: Duration, age: Duration) -> String {
        let limits: [(Duration, String)] = [(ahead, "ahead"), (age, "old")]
        return limits.filter { $0.0 > .zero }
            .map { ", at most \(Interval.text($0.0)) \($0.1)" }.joined()
    }

    private static func description(of plan: MemoryPlan) -> [String] {
        let mebibyte = Double(1 << 20)
        func amount(_ bytes: Int) -> String {
            let tenths = Int((Double(bytes) / mebibyte * 10).rounded(.up))
            return "\(tenths / 10).\(tenths % 10) MiB"
        }
        var lines = ["memory    at most \(amount(plan.total)) (\(plan.total) bytes)"]
        for part in plan.parts { lines.append("            \(amount(part.bytes))  \(part.name)") }
        if !plan.hasCatalog {
            lines.append("            and on top of it the catalog, which could not be read")
        }
        return lines
    }

    // MARK: - The database

    private mutating func inspect(
        _ configuration: Configuration, _ plan: inout MemoryPlan
    ) throws(PostgresError) {
        var connection = try Connection.open(configuration.database)
        hasSeenDatabase = true
        let catalog = try Catalog(&connection)
        plan = MemoryPlan(configuration, catalog)
        let version = connection.parameter("server_version") ?? "\(connection.serverVersion)"
        let timescale = catalog.timescaleVersion.map { ", TimescaleDB \($0)" } ?? ""
        lines.append("database  \(connection.redacted): PostgreSQL \(version)\(timescale)")
        problems += try ProgressCheck.problems(in: catalog, &connection)
        let destinations = Destinations(
            catalog, mappings: configuration.tables, role: connection.role)
        describe(destinations)
    }

    private mutating func describe(_ destinations: Destinations) {
        var held: [String] = []
        for (measurement, target) in destinations.routes {
            switch target {
            case .usable(let target) where target.isWorthShowing:
                describe(measurement, target)
            case .usable: break
            case .unusable(let problem) where problem.isToBeTold:
                problems.append("table \(problem.table): \(problem.description)")
            case .unusable(let problem): held.append(problem.table)
            }
        }
        problems += destinations.duplicateProblems
        if held.isEmpty { return }
        lines.append(
            "held      a line for one of these would be kept and hold up those behind it, because"
                + " the role sees the table and may not write to it: GRANT INSERT, or REVOKE USAGE"
                + " on its schema")
        for table in held { lines.append("            \(table)") }
    }

    private mutating func describe(_ measurement: String, _ target: TableTarget) {
        let kind = target.table.isHypertable ? "hypertable" : "table"
        lines.append("route     measurement \"\(measurement)\" → \(kind) \(target.table.sqlName)")
        for (index, column) in target.columns.enumerated() {
            let source: String
            if index == target.timeIndex {
                source = "the line's time, else when it was received"
            } else if column.isRequired {
                source = "tag or field \"\(column.name)\", must be there (NOT NULL, no default)"
            } else if column.fillsItself {
                source = "tag or field \"\(column.name)\", else the column's default"
            } else {
                source = "tag or field \"\(column.name)\""
            }
            lines.append("            \(column.name) \(column.type) ← \(source)")
        }
        if let index = RowOrdering.index(of: target) {
            lines.append("            a batch goes in the order of index \"\(index.name)\"")
        }
        if target.table.uniqueKeys.isEmpty && target.duplicates.wanted == .error { return }
        let fate = target.duplicates.description(in: target.table, filling: target.columns)
        lines.append("            a row whose key is there already \(fate)")
    }
}

extension TableTarget {
    /// A table with nothing but a time takes no readings.
    fileprivate var isWorthShowing: Bool { columns.count > 1 }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - unicodeScalars.count))
    }
}
