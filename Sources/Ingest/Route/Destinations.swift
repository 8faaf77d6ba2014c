package import Postgres

/// Which table each measurement goes to, from one reading of the catalog.
package struct Destinations: Sendable {
    /// A table that a measurement leads to, usable or not.
    package enum Target: Sendable {
        case usable(TableTarget)
        case unusable(TableTarget.Problems)

        package var usable: TableTarget? {
            guard case .usable(let target) = self else { return nil }
            return target
        }
    }

    package private(set) var targets: [Target] = []
    private var byMeasurement: [[UInt8]: Int] = [:]

    /// Where Sluice notes how far it has come; readings have no business there.
    package static let progressTable = "sluice_progress"

    /// - Parameters:
    ///   - tables: all that the role sees, in the order of its search path.
    ///   - mappings: what the operator has said about some of them.
    ///   - role: who is to write, for advice about rights.
    package init(tables: [Table], mappings: [Configuration.Table], role: String) {
        var mapped: [UInt32: Int] = [:]
        for mapping in mappings {
            guard let table = Self.find(mapping.name, in: tables) else {
                let problem = "there is no such table; create it or correct [[table]] name"
                let problems = TableTarget.Problems(
                    table: mapping.name.description, texts: [problem], isToBeTold: true)
                add(.unusable(problems), for: mapping.measurements)
                continue
            }
            if mapped[table.oid] == nil { mapped[table.oid] = targets.count }
            add(Self.target(table, mapping, role), for: mapping.measurements)
        }
        for table in tables
        where byMeasurement[Array(table.name.utf8)] == nil && table.isOnSearchPath
            && !table.name.isSameName(as: Self.progressTable)
        {
            // What was said of the table holds for whatever leads to it.
            if let index = mapped[table.oid] {
                byMeasurement[Array(table.name.utf8)] = index
            } else if TableTarget.hasTimeColumn(table) {
                add(Self.target(table, nil, role), for: [table.name])
            }
        }
    }

    /// The index of the measurement's target in `targets`.
    package func targetIndex(ofMeasurement name: UnsafeBufferPointer<UInt8>) -> Int? {
        unsafe byMeasurement[Array(name)]
    }

    /// Measurements with the targets that they lead to, in the order of the names.
    package var routes: [(measurement: String, target: Target)] {
        byMeasurement
            .map { (String(decoding: $0.key, as: UTF8.self), targets[$0.value]) }
            .sorted { $0.0.isNameBefore($1.0) }
    }

    /// Measurements with the indexes of their targets.
    var indexes: [(measurement: [UInt8], target: Int)] {
        byMeasurement.map { ($0.key, $0.value) }
    }

    /// Lets the readings of measurements wait whose table was there before and is no more.
    ///
    /// - Parameter tables: their names in SQL, by measurement.
    mutating func hold(missing tables: [[UInt8]: String]) {
        for (measurement, table) in tables where byMeasurement[measurement] == nil {
            let problem =
                "the table is gone or hidden; bring it back, or reload the configuration to reject"
                + " its lines"
            add(
                .unusable(
                    TableTarget.Problems(table: table, texts: [problem], isToBeTold: false)),
                for: [String(decoding: measurement, as: UTF8.self)])
        }
    }

    private mutating func add(_ target: Target, for measurements: [String]) {
        targets.append(target)
        for measurement in measurements where byMeasurement[Array(measurement.utf8)] == nil {
            byMeasurement[Array(measurement.utf8)] = targets.count - 1
        }
    }

    /// A router's beginning, before the catalog has been read.
    static let none = Destinations(tables: [], mappings: [], role: "")

    private static func target(
        _ table: Table, _ mapping: Configuration.Table?, _ role: String
    ) -> Target {
        do throws(TableTarget.Problems) {
            return .usable(
                try TableTarget(
                    table, timeName: mapping?.timeColumn, names: mapping?.columns,
                    isNamed: mapping != nil, role: role))
        } catch {
            return .unusable(error)
        }
    }

    private static func find(_ name: TableName, in tables: [Table]) -> Table? {
        tables.first { table in
            guard table.name.isSameName(as: name.table) else { return false }
            return name.schema.map(table.schema.isSameName(as:)) ?? table.isOnSearchPath
        }
    }
}
