import Glibc
import Logging
import TestSupport

@testable import Ingest
@testable import Postgres
@testable import Ring

/// One daemon with one lane and what is around it, on one thread: it is started, killed, starved and
/// lied to as a seed says.
final class Simulation {
    /// What is known of a datagram that was handed to the daemon.
    struct Sent {
        var readings: [Reading]
        /// Counts the datagrams as they were handed over.
        let number: Int
        var state: State
        /// A sync has promised since that it survives a power cut.
        var isSynced = false
        /// It was dropped once, or the database was restored and may have lost it. A power cut may
        /// bring it back into the ring, but the database may be past it by then.
        var isUncertain = false

        enum State {
            case inRing
            case gone
            case dropped
            case lostWithPower
        }
    }

    let seed: UInt64
    var dice: SeededGenerator
    let clock = SimulatedClock()
    let folder: String
    let server: SimulatedServer
    var disk: SimulatedDisk
    var boot: UInt64 = 1
    let configuration: Configuration
    /// By the id of its first reading.
    var sent: [Int64: Sent] = [:]
    var nextID: Int64 = 1
    /// What was sent and must be refused at once.
    private(set) var unwantedSent = ReceiveTally()
    private(set) var wasRestored = false
    private(set) var wasDamaged = false
    var log = RecordedLog()

    private(set) var ring: Ring?
    private var lane: Lane?
    private var writer: Writer<SimulatedSession>?
    private var intake: Intake?
    private var sink: RingSink?
    private var origin = FrameOrigin(source: 0, attributes: 0)
    /// Set when the process dies within a call to the server: the files as they were then.
    private var death: Files?
    private var deathAwaits = 0
    /// What arrives within calls to the server, which take their time.
    private var arriving: [[[Reading]]] = []
    /// Whether batches take on what arrives during them.
    private let takesOn: Bool
    /// Where the ring stood when it was looked at last, and what was in it.
    private var notedPlace: [UInt64] = []
    private var idsNoted: [Int64] = []

    init(seed: UInt64) throws {
        self.seed = seed
        dice = SeededGenerator(seed: seed)
        folder = temporaryFolder()
        server = SimulatedServer(dice: SeededGenerator(seed: seed ^ 0x5EED))
        configuration = try Self.configuration(in: folder, &dice)
        takesOn = configuration.ring.overflow == .dropNewest && Bool.random(using: &dice)
        disk = SimulatedDisk(path: folder + "/ring-0")
        server.diesNow = { [unowned self] in diesNow() }
        try start()
        disk.sync()
    }

    deinit {
        removeFolder(folder)
    }

    private static func configuration(
        in folder: String, _ dice: inout SeededGenerator
    ) throws -> Configuration {
        let overflow = Bool.random(using: &dice) ? "drop-newest" : "drop-oldest"
        let duplicates = Configuration.Duplicates.allCases.randomElement(using: &dice)!
        var configuration = try Configuration.parse(
            """
            [ring]
            directory = "\(folder)"
            overflow = "\(overflow)"
            [batch]
            interval = "0s"
            rows = \(Int.random(in: 1...60, using: &dice))
            [[table]]
            name = "keyed"
            duplicates = "\(duplicates.rawValue)"
            """)
        // Smaller than an operator may have it: so that it goes round within a history.
        configuration.ring.size = 4096 * Int.random(in: 1...4, using: &dice)
        return configuration
    }

    // MARK: - Life and death

    var isRunning: Bool { ring != nil }

    func start() throws {
        var settings = RingConfiguration(
            path: folder + "/ring-0", capacity: configuration.ring.size,
            overflow: configuration.ring.overflow == .dropOldest ? .dropOldest : .dropNewest)
        settings.boot = boot
        let (ring, _) = try Ring.open(settings)
        // An opening is over when the disk has what it changed.
        if disk.path == ring.path { disk.sync() }
        let source = try ring.register(source: "main")
        LedgerReconciliation.perform(ring)
        let drops = DropLedger()
        let lane = Lane(
            number: 0, ring: ring, configuration: configuration, drops: drops,
            toldNames: ToldNames(),
            clock: clock.pipelineClock)
        if takesOn { lane.takeOn() }
        self.ring = ring
        self.lane = lane
        sink = RingSink([ring], drops: drops)
        origin = FrameOrigin(source: source, attributes: 0)
        intake = Intake(
            start: 0, allow: AddressFilter(networks: [Network("127.0.0.0/8")!]), origin: origin)
        let server = server
        writer = Writer(
            lane, logger: log.logger, random: SeededGenerator(seed: dice.next())
        ) { (_) throws(PostgresError) in try server.connect() }
        // It may be damaged within, between the same places.
        notedPlace = []
        noteRing()
    }

    /// kill -9, between two things that the process does.
    func kill() {
        let files = death ?? Files(of: self)
        death = nil
        deathAwaits = 0
        arriving = []
        writer = nil
        lane = nil
        intake = nil
        sink = nil
        ring = nil
        files.restore(in: self)
    }

    /// All that the daemon has on the disk at one instant.
    private struct Files {
        let ring: [UInt8]
        let rejects: [String: [UInt8]]

        init(of simulation: Simulation) {
            ring = simulation.disk.contents()
            let folder = simulation.configuration.rejects.directory
            rejects = names(in: folder).reduce(into: [:]) { $0[$1] = read(folder + "/" + $1) }
        }

        /// In place: they stay the same files.
        func restore(in simulation: Simulation) {
            simulation.disk.restore(ring)
            let folder = simulation.configuration.rejects.directory
            for name in names(in: folder) where rejects[name] == nil { unlink(folder + "/" + name) }
            for (name, bytes) in rejects { write(bytes, to: folder + "/" + name) }
        }
    }

    /// How often each reading stands in the files of rejects.
    func rejectedIDs() throws -> [Int64: Int] {
        let folder = configuration.rejects.directory
        var counts: [Int64: Int] = [:]
        for name in names(in: folder) where name.hasSuffix(".lp") {
            let reader = try RejectsReader.open(folder + "/" + name)!
            let damaged = try reader.forEach(in: reader.survey.blocks.indices) { entry in
                counts[Self.id(in: String(decoding: entry.line, as: UTF8.self)), default: 0] += 1
            }
            precondition(damaged == 0)
        }
        return counts
    }

    /// The id of the first reading in a text.
    static func id(in text: String) -> Int64 {
        let digits = text[text.firstRange(of: "id=")!.upperBound...].prefix { $0.isNumber }
        return Int64(digits)!
    }

    /// The machine goes down with everything on it but the database.
    func cutPower() {
        kill()
        disk.cutPower(using: &dice)
        boot += 1
        for (id, one) in sent where one.state == .inRing && !one.isSynced {
            sent[id]!.state = .lostWithPower
        }
    }

    /// The process is killed, and the medium damages the ring's file. Any reading that waits in it may
    /// be hit.
    func flipBits() {
        kill()
        wasDamaged = true
        disk.flipBits(using: &dice)
        for (id, one) in sent where one.state == .inRing { sent[id]!.state = .lostWithPower }
    }

    /// Lets the process die within one of the next calls to the server.
    func killSoon() { deathAwaits = Int.random(in: 1...12, using: &dice) }

    /// Hands datagrams to the daemon while it is in one of the next calls to the server.
    func receiveSoon(_ datagrams: [[Reading]]) {
        // What a batch drops is told apart from what an arrival does.
        if configuration.ring.overflow == .dropOldest { return receive(datagrams) }
        arriving.append(datagrams)
    }

    private func diesNow() -> Bool {
        if death != nil { return true }
        if isRunning, !arriving.isEmpty, Int.random(in: 0..<3, using: &dice) == 0 {
            receive(arriving.removeFirst())
        }
        guard deathAwaits > 0 else { return false }
        deathAwaits -= 1
        if deathAwaits == 0 { death = Files(of: self) }
        return death != nil
    }

    /// SIGTERM: what is in the ring is written if the server takes it, then the ring is closed.
    func stop() throws {
        lane!.finish(by: clock.pipelineClock.now() + .seconds(2))
        while step() {}
        guard let ring else { return }
        writer = nil
        try ring.close()
        self.ring = nil
        lane = nil
        sink = nil
        intake = nil
        disk.sync()
    }

    // MARK: - Steps

    /// One step of the writer, and the time that it asks for.
    ///
    /// - Returns: whether there is another one.
    @discardableResult
    func step() -> Bool {
        guard var writer = self.writer.take() else { return false }
        let before = idsNoted
        let dropped = droppedOldest
        let rest = writer.step()
        self.writer = consume writer
        // Room for what may come is made at the beginning of a batch.
        noteDropped(before.prefix(droppedOldest - dropped))
        if death != nil {
            kill()
            return false
        }
        noteRing()
        switch rest {
        case .none: return true
        case .frames(let time), .pause(let time):
            clock.advance(by: time)
            return true
        case .ended: return false
        }
    }

    /// The database loses what it got since a backup: no reading is certain to be there any more, and
    /// one that waits may be refused once more.
    func restoreBackup() {
        guard server.restoreBackup() else { return }
        wasRestored = true
        // Also what is taken for lost: it may have been found in the ring, and written.
        for id in sent.keys { sent[id]!.isUncertain = true }
    }

    func sync() throws {
        try ring!.sync()
        disk.sync()
        for (id, _) in sent { sent[id]!.isSynced = true }
    }

    func writeBack() { disk.writeBack(using: &dice) }

    func receive(_ datagrams: [[Reading]]) {
        for readings in datagrams {
            sent[readings[0].id] = Sent(
                readings: readings, number: sent.count, state: .dropped)
        }
        var entries = datagrams.map { readings in
            let payload = Array(readings.map(\.line).joined(separator: "\n").utf8)
            return ScriptedBatch.Entry(payload: payload, size: payload.count)
        }
        for entry in unwanted() {
            entries.insert(entry, at: Int.random(in: 0...entries.count, using: &dice))
        }
        let before = idsNoted
        let dropped = droppedOldest
        ScriptedBatch.with(entries) { batch in
            var tally = intake!.take(batch)
            tally.settle(overflow: intake!.append(to: sink!))
            sink!.count(tally, source: origin.source)
        }
        noteRing()
        noteDropped(before.prefix(droppedOldest - dropped))
    }

    /// Datagrams that are counted and go nowhere.
    private func unwanted() -> [ScriptedBatch.Entry] {
        let stray = Array("plain id=0i,key=0i,value=1".utf8)
        var entries: [ScriptedBatch.Entry] = []
        for kind in 0..<3 where Int.random(in: 0..<6, using: &dice) == 0 {
            switch kind {
            case 0:
                entries.append(.init(payload: stray, size: stray.count, isStranger: true))
                unwantedSent.refused.add(stray.count)
            case 1:
                entries.append(.init(payload: stray, size: stray.count + 9))
                unwantedSent.truncated.add(stray.count + 9)
            default:
                entries.append(.init(payload: [], size: 0))
                unwantedSent.empty.add(0)
            }
        }
        return entries
    }

    // MARK: - What is in the ring

    /// Datagrams that had to make room since the daemon's start.
    private var droppedOldest: Int { Int(ring?.snapshot().tally.droppedOldest.frames ?? 0) }

    private func noteDropped(_ ids: ArraySlice<Int64>) {
        for id in ids {
            sent[id]!.state = .dropped
            sent[id]!.isUncertain = true
        }
    }

    /// The datagrams in the ring from the oldest on, by the ids of their first readings.
    func idsInRing() -> [Int64] {
        guard let ring else { return [] }
        let (tail, count) = ring.state.withLock { ($0.mark.tail, $0.frameCount) }
        var frames = FrameIterator(codec: ring.codec, cursor: tail, remaining: count)
        var ids: [Int64] = []
        while let frame = frames.next() {
            ids.append(Self.id(in: String(decoding: frame.payload, as: UTF8.self)))
        }
        return ids
    }

    /// The books of the only source, since the ring was made.
    var books: SourceLedger {
        LedgerView.all(of: ring!, lane: 0).first?.books ?? SourceLedger()
    }

    /// Books that do not add up, as soon as that is so.
    private(set) var imbalance: String?

    /// Takes up into the model what has come into the ring and left it.
    private func noteRing() {
        guard let ring else { return }
        let books = books
        if !books.imbalance.isNone || !ring.isBalanced, imbalance == nil {
            imbalance = "\(books.imbalance) \(books)"
        }
        let place = ring.state.withLock { [$0.mark.tail.position, $0.mark.head.position] }
        if place == notedPlace { return }
        notedPlace = place
        let ids = idsInRing()
        for id in ids { sent[id]!.state = .inRing }
        for id in Set(idsNoted).subtracting(ids) where sent[id]!.state == .inRing {
            sent[id]!.state = .gone
        }
        idsNoted = ids
    }
}
