import TestSupport

@testable import Ingest

/// What happens to one simulated daemon, as a seed says, and whether all of it is right in the end.
struct History {
    private let simulation: Simulation
    private var dice: SeededGenerator
    private let stepCount: Int

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

    private mutating func act() throws {
        let action = Int.random(in: 0..<100, using: &dice)
        simulation.log.logger.info("action", metadata: ["number": "\(action)"])
        switch action {
        case 0..<35: simulation.receive(datagrams())
        case 35..<75: for _ in 0..<Int.random(in: 1...6, using: &dice) { simulation.step() }
        case 75..<79: try simulation.sync()
        case 79..<84: simulation.writeBack()
        case 84..<88: simulation.kill()
        case 88..<92: simulation.killSoon()
        case 92..<93: simulation.cutPower()
        case 93..<95: simulation.server.crash()
        case 95..<96: simulation.server.stop()
        case 96..<98: simulation.server.isUp = true
        case 98..<99: simulation.server.schemaVersion += 1
        default: try simulation.stop()
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
        return Reading(
            id: simulation.nextID, table: SimulatedTable.allCases.randomElement(using: &dice)!,
            fate: isGood ? .row : Fate.allCases.randomElement(using: &dice)!,
            time: simulation.clock.wall)
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
            for reading in sent.readings {
                let rows = simulation.server.contents.count(of: reading)
                let isRow = reading.fate == .row
                // What is no row is kept, in just one place as well.
                let count = isRow ? rows : rejected[reading.id] ?? 0
                if (isRow ? rejected[reading.id] ?? 0 : rows) > 0 {
                    complaints.append(
                        "reading \(reading.id) (\(reading.fate)) is where it should not be")
                }
                let isRight =
                    switch sent.state {
                    case .gone where !sent.wasDropped: count == 1
                    case .gone, .dropped, .lostWithPower: count <= 1
                    case .inRing: false
                    }
                if !isRight {
                    complaints.append(
                        "reading \(reading.id) (\(reading.fate)) is \(count) times where it should be,"
                            + " and its datagram is \(sent.state)")
                }
            }
        }
        return complaints
    }

    /// Whether what the daemon counted is what happened.
    private func wrongBooks() -> [String] {
        let books = simulation.books
        // A power cut takes counters back, and the database alone knows better.
        guard simulation.boot == 1 else { return [] }
        if books.stored != SourceLedger.Count() || books.lost != SourceLedger.Count() {
            return ["something is lost or unknown without a power cut: \(books)"]
        }
        let contents = simulation.server.contents
        let rows = contents.plain.values.reduce(0, +) + contents.keyed.count
        return books.rows == rows
            ? [] : ["\(books.rows) rows are counted, and \(rows) are there: \(books)"]
    }
}
