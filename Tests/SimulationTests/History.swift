import TestSupport

@testable import Ingest

/// What happens to one simulated daemon, as a seed says, and whether all of it is right in the end.
struct History {
    private let simulation: Simulation
    private var dice: SeededGenerator
    private let stepCount: Int
    /// Of readings that a table with keys takes.
    private var keys: [Int64] = []

    init(seed: UInt64) throws {
        simulation = try Simulation(seed: seed)
        dice = SeededGenerator(seed: seed &+ 0x0A11)
        stepCount = Int.random(in: 20...120, using: &dice)
        let harshness = Int.random(in: 0...3, using: &dice)
        simulation.server.faults = SimulatedServer.Faults(
            lostBefore: 8 * harshness, lostAfter: 8 * harshness, late: 60 * harshness,
            retry: 8 * harshness, hold: 3 * harshness)
    }

    /// - Returns: what is wrong; nothing, one hopes.
    mutating func run() throws -> [String] {
        for _ in 0..<stepCount {
            if simulation.isRunning {
                try act()
            } else {
                try simulation.start()
            }
        }
        try settle()
        return try complaints() + wrongBooks()
    }

    /// What can happen, and how often in a hundred.
    private enum Action: CaseIterable {
        case receive, receiveSoon, step, sync, writeBack, kill, killSoon, cutPower, crashServer,
            stopServer
        case startServer, changeSchema, stop, takeBackup, restoreBackup, flipBits

        var weight: Int {
            switch self {
            case .receive: 25
            case .receiveSoon: 10
            case .step: 40
            case .writeBack: 5
            case .sync, .kill, .killSoon: 4
            case .crashServer, .startServer: 2
            case .flipBits: 3
            case .cutPower, .stopServer, .changeSchema, .stop, .takeBackup, .restoreBackup: 1
            }
        }
    }

    private static let hat = Action.allCases.flatMap { Array(repeating: $0, count: $0.weight) }

    private mutating func act() throws {
        let action = Self.hat.randomElement(using: &dice)!
        simulation.log.logger.info("\(action)")
        switch action {
        case .receive: simulation.receive(datagrams())
        case .receiveSoon: simulation.receiveSoon(datagrams())
        case .step: for _ in 0..<Int.random(in: 1...6, using: &dice) { simulation.step() }
        case .sync: try simulation.sync()
        case .writeBack: simulation.writeBack()
        case .kill: simulation.kill()
        case .killSoon: simulation.killSoon()
        case .cutPower: simulation.cutPower()
        case .crashServer: simulation.server.crash()
        case .stopServer: simulation.server.stop()
        case .startServer: simulation.server.isUp = true
        case .changeSchema: simulation.server.schemaVersion += 1
        case .stop: try simulation.stop()
        case .takeBackup: simulation.server.takeBackup()
        case .restoreBackup: simulation.restoreBackup()
        case .flipBits: simulation.flipBits()
        }
    }

    private mutating func datagrams() -> [[Reading]] {
        (0..<Int.random(in: 1...6, using: &dice)).map { _ in
            (0..<Int.random(in: 1...5, using: &dice)).map { _ in reading() }
        }
    }

    private mutating func reading() -> Reading {
        let isGood = Int.random(in: 0..<10, using: &dice) > 0
        defer { simulation.nextID += 1 }
        let table = SimulatedTable.allCases.randomElement(using: &dice)!
        let fate = isGood ? Fate.row : Fate.allCases.randomElement(using: &dice)!
        var key = simulation.nextID
        if table == .keyed, fate == .row {
            if Int.random(in: 0..<8, using: &dice) == 0 {
                key = keys.randomElement(using: &dice) ?? key
            }
            keys.append(key)
        }
        return Reading(
            id: simulation.nextID, key: key, table: table, fate: fate, time: simulation.clock.wall)
    }

    /// Everything is well again, and the daemon writes what it has.
    private mutating func settle() throws {
        simulation.server.faults = SimulatedServer.Faults()
        simulation.server.isUp = true
        simulation.server.resolveLate()
        if !simulation.isRunning { try simulation.start() }
        var patience = 10_000
        while !simulation.idsInRing().isEmpty || !simulation.isRunning {
            if !simulation.isRunning { try simulation.start() }
            simulation.step()
            patience -= 1
            if patience == 0 { return }
        }
    }

    /// All that the daemon said and that happened to it.
    func printLog() { simulation.log.lines.withLock { for line in $0 { print(line) } } }

    private func complaints() throws -> [String] {
        let rejected = try simulation.rejectedIDs()
        var complaints: [String] = []
        if let imbalance = simulation.imbalance { complaints.append("off: \(imbalance)") }
        if !simulation.idsInRing().isEmpty { complaints.append("the ring does not become empty") }
        for sent in simulation.sent.values {
            for reading in sent.readings where !isContested(reading) {
                complaints += wrong(reading, sent, rejected[reading.id] ?? 0)
            }
        }
        for rivals in contests() { complaints += wrong(rivals, rejected) }
        return complaints
    }

    /// A reading that no other one has to do with.
    private func wrong(
        _ reading: Reading, _ sent: Simulation.Sent, _ rejections: Int
    ) -> [String] {
        let rows = simulation.server.contents.count(of: reading)
        // What is no row is kept, in just one place as well.
        if simulation.wasRestored, reading.fate != .row { return [] }
        let (count, elsewhere) = reading.fate == .row ? (rows, rejections) : (rejections, rows)
        let isRight =
            switch sent.state {
            case .gone where !sent.isUncertain: count == 1
            case .gone, .dropped, .lostWithPower: count <= 1
            case .inRing: false
            }
        if isRight && elsewhere == 0 { return [] }
        return [
            "reading \(reading.id) (\(reading.fate)) is \(rows) times a row and \(rejections) times"
                + " a reject, and its datagram is \(sent.state)"
        ]
    }

    // MARK: - Duplicates

    private func isContested(_ reading: Reading) -> Bool {
        reading.table == .keyed && reading.fate == .row
    }

    /// The readings of each key, in the order in which they were sent.
    private func contests() -> [[(reading: Reading, sent: Simulation.Sent)]] {
        let all = simulation.sent.values.flatMap { sent in
            sent.readings.filter(isContested).map { (reading: $0, sent: sent) }
        }
        return Dictionary(grouping: all) { $0.reading.key }.values.map { rivals in
            rivals.sorted { ($0.sent.number, $0.reading.id) < ($1.sent.number, $1.reading.id) }
        }
    }

    private func wrong(
        _ rivals: [(reading: Reading, sent: Simulation.Sent)], _ rejected: [Int64: Int]
    ) -> [String] {
        let isCertain = rivals.allSatisfy { $0.sent.state == .gone && !$0.sent.isUncertain }
        let policy = simulation.configuration.tables[0].duplicates
        let winners = rivals.filter { simulation.server.contents.count(of: $0.reading) == 1 }
        let rejects = rivals.reduce(0) { $0 + (rejected[$1.reading.id] ?? 0) }
        let right = policy == .replace ? rivals.last! : rivals[0]
        let isRight =
            isCertain
            ? winners.map(\.reading.id) == [right.reading.id]
                && rejects == (policy == .error ? rivals.count - 1 : 0)
            // A restored database may be given readings again, and refuse them once more.
            : winners.count <= 1 && (simulation.wasRestored || rejects < rivals.count)
        if isRight { return [] }
        return [
            "of readings \(rivals.map(\.reading.id)), \(winners.map(\.reading.id)) are rows and"
                + " \(rejects) rejects, where the policy is \(policy)"
        ]
    }

    /// Whether what the daemon counted is what happened.
    private func wrongBooks() -> [String] {
        let books = simulation.books
        // A power cut takes counters back, and the database alone knows better.
        guard simulation.boot == 1, !simulation.wasRestored, !simulation.wasDamaged else {
            return []
        }
        if books.stored != SourceLedger.Count() || books.lost != SourceLedger.Count() {
            return ["something is lost or unknown without a power cut: \(books)"]
        }
        let unwanted = simulation.unwantedSent
        if books.refused != unwanted.refused || books.truncated != unwanted.truncated
            || books.empty != unwanted.empty
        {
            return ["\(unwanted) were sent, and the books are \(books)"]
        }
        let contents = simulation.server.contents
        let rows = contents.plain.values.reduce(0, +) + contents.keyed.count
        return books.rows == rows
            ? [] : ["\(books.rows) rows are counted, and \(rows) are there: \(books)"]
    }
}
