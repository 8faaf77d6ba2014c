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
    ///   - catalog: all that the role sees.
    ///   - mappings: what the operator has said about some of the tables.
    ///   - role: who is to write, for advice about rights.
    package init(_ catalog: Catalog, mappings: [Configuration.Table], role: String) {
        let rights = StagingRights(
            role: role, database: catalog.database, mayStage: catalog.mayStage)
        self.init(tables: catalog.tables, mappings: mappings, role: role, rights)
    }

    /// - Parameters:
    ///   - tables: all that the role sees, in the order of its search path.
    ///   - mappings: what the operator has said about some of them.
    ///   - role: who is to write, for advice about rights.
    package init(
        tables: [Table], mappings: [Configuration.Table], role: String,
        _ rights: StagingRights = .all
    ) {
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
            add(Self.target(table, mapping, role, rights), for: mapping.measurements)
        }
        for table in tables
        where byMeasurement[Array(table.name.utf8)] == nil && table.isOnSearchPath
            && !table.name.isSameName(as: Self.progressTable)
        {
            // What was said of the table holds for whatever leads to it.
            if let index = mapped[table.oid] {
                byMeasurement[Array(table.name.utf8)] = index
            } else if TableTarget.hasTimeColumn(table) {
                add(Self.target(table, nil, role, rights), for: [table.name])
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

    /// What is to be told of tables that can be written to, but where duplicates cannot be treated as
    /// the operator wants; one line for each, and nothing is held up by it.
    package var duplicateProblems: [String] {
        targets.compactMap { target in
            guard let target = target.usable, let problem = target.duplicates.problem else {
                return nil
            }
            return "table \(target.table.sqlName): \(problem); until then a row whose key is there"
                + " already is rejected"
        }
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
    static let none = Destinations(tables: [], mappings: [], role: "", .all)

    private static func target(
        _ table: Table, _ mapping: Configuration.Table?, _ role: String, _ rights: StagingRights
    ) -> Target {
        do throws(TableTarget.Problems) {
            return .usable(
                try TableTarget(
                    table, timeName: mapping?.timeColumn, names: mapping?.columns,
                    isNamed: mapping != nil, duplicates: mapping?.duplicates ?? .error,
                    rights: rights, role: role))
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
