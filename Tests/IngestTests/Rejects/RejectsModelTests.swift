import Foundation
import LineProtocol
import Ring
import TestSupport
import Testing
import Threads

@testable import Ingest

/// A disk that remembers what it was told to bring home, and that can be full.
final class ShadowDisk: Sendable {
    struct State {
        /// What every file held when it was brought to the disk last.
        var durable: [String: [UInt8]] = [:]
        /// Bytes that can be written before the disk is full.
        var room = Int.max
    }

    let state = Lock(State())

    var disk: RejectsDisk {
        RejectsDisk(
            write: { descriptor, bytes, offset in
                // A file that begins has nothing to do with an earlier one of its name.
                if offset == 0 { self.remember(descriptor, nil) }
                let count = self.state.withLock { state in
                    let count = min(bytes.count, state.room)
                    state.room -= count
                    return count
                }
                if count == 0 {
                    errno = ENOSPC
                    return -1
                }
                return pwrite(descriptor, bytes.baseAddress, count, off_t(offset))
            },
            synchronise: { descriptor in
                let path = "/proc/self/fd/\(descriptor)"
                let bytes = try? Data(contentsOf: URL(fileURLWithPath: path))
                self.remember(descriptor, bytes.map { Array($0) })
                return 0
            })
    }

    private func remember(_ descriptor: Int32, _ bytes: [UInt8]?) {
        let link = "/proc/self/fd/\(descriptor)"
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else {
            return
        }
        state.withLock { $0.durable[path] = bytes }
    }
}

/// One lane and what should be in its files.
struct LaneModel {
    let number: Int
    var ring: RingIdentity { RingIdentity(low: UInt64(number), high: 7) }
    /// What the database has, what the ring knows of it, and where the ring's next batch ends.
    var database: UInt64 = 0
    var confirmed: UInt64 = 0
    var next: UInt64 = 8
    /// Lines that were refused in batches that are in the database, and that nobody took away.
    var lines: [String] = []
}

/// Some lanes, their files and their models, going through the same history.
struct RejectsHistory: ~Copyable {
    let folder: RejectsFolder
    let shadow = ShadowDisk()
    let settings: Configuration.Rejects
    var dice: SeededGenerator
    var models = [LaneModel(number: 0), LaneModel(number: 1)]
    var first: RejectsWriter
    var second: RejectsWriter
    var time = testTime
    var serial = 0
    /// Of writers that are gone.
    var removedLines: UInt64 = 0
    /// What the models miss, and should have been removed.
    var goneLines = 0
    var log: [String] = []

    init(seed: UInt64) throws {
        folder = try RejectsFolder()
        dice = SeededGenerator(seed: seed)
        settings = folder.settings(
            size: 40_000 << Int.random(in: 0...2, using: &dice), fileSize: 5_000,
            fileAge: .seconds(100))
        first = Self.writer(folder, settings, models[0], shadow, testTime)
        second = Self.writer(folder, settings, models[1], shadow, testTime)
        first.settle(upTo: 0)
        second.settle(upTo: 0)
    }

    static func writer(
        _ folder: RejectsFolder, _ settings: Configuration.Rejects, _ model: LaneModel,
        _ shadow: ShadowDisk, _ time: Int64
    ) -> RejectsWriter {
        folder.writer(
            settings, lane: "\(model.number)", lanes: 2, ring: model.ring, now: { time },
            disk: shadow.disk)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &dice) }

    mutating func withWriter(_ lane: Int, _ body: (inout RejectsWriter) -> Void) {
        if lane == 0 { body(&first) } else { body(&second) }
    }

    mutating func step() throws {
        let lane = below(2)
        let action = below(20)
        defer { log.append("\(lane) \(action)") }
        switch action {
        case 0..<14: try batch(lane)
        case 14: try restart(lane, losingCache: false)
        case 15: try restart(lane, losingCache: true)
        case 16: restoreDatabase(lane)
        case 17: try takeFile()
        case 18: time += 30_000_000_000
        default:
            let room = [0, 100, 3_000, Int.max][below(4)]
            shadow.state.withLock { $0.room = room }
        }
        try compare()
    }

    mutating func lineTexts() -> [String] {
        let count = [0, 1, 3, 30][below(4)]
        return (0..<count).map { _ in
            serial += 1
            let more = [
                "", "\n", "# batch ring=", "\n# settled\n", "\"",
                String(repeating: "x", count: 3000),
            ]
            return "line \(serial) " + more[below(count == 30 ? 5 : 6)]
        }
    }

    mutating func batch(_ lane: Int) throws {
        let texts = lineTexts()
        let before = lane == 0 ? first.counters : second.counters
        withWriter(lane) { writer in for text in texts { writer.add(text) } }
        let fate = below(8)
        log.append(
            "fate \(fate) \(texts.count) \(serial) next \(models[lane].next) db \(models[lane].database)"
        )
        if fate == 0 { return withWriter(lane) { $0.giveUp() } }
        if fate == 1 { return try restart(lane, losingCache: below(2) == 0) }
        let end = models[lane].next
        withWriter(lane) { $0.write(end: end) }
        if fate == 2 { return withWriter(lane) { $0.giveUp() } }
        if fate == 3 { return try restart(lane, losingCache: below(2) == 0) }
        let isIn = fate != 4
        if isIn {
            models[lane].database = end
            models[lane].next += 8
        }
        if fate == 5 {
            // In the database, and nobody heard of it. What was kept is known from the file alone.
            let kept = try folder.lines().filter { texts.contains($0) }
            #expect(kept == Array(texts.prefix(kept.count)))
            models[lane].lines += kept
            return try restart(lane, losingCache: below(2) == 0)
        }
        let position = models[lane].database
        withWriter(lane) { $0.settle(upTo: position) }
        models[lane].confirmed = position
        let after = lane == 0 ? first.counters : second.counters
        let kept = Int(after.keptLines - before.keptLines)
        let unkept = Int(after.unkeptLines - before.unkeptLines)
        #expect(kept + unkept == (isIn ? texts.count : 0))
        models[lane].lines += texts.prefix(kept)
    }

    /// The process ends without a word; the machine as well, at times.
    mutating func restart(_ lane: Int, losingCache: Bool) throws {
        log.append("restart \(lane) \(losingCache)")
        removedLines += lane == 0 ? first.counters.removedLines : second.counters.removedLines
        shadow.state.withLock { $0.room = .max }
        let new = Self.writer(folder, settings, models[lane], shadow, time)
        if lane == 0 { first = new } else { second = new }
        if losingCache { try loseCache(lane) }
        let model = models[lane]
        withWriter(lane) { $0.settle(upTo: model.database, confirmed: model.confirmed) }
        models[lane].confirmed = model.database
        // The other lane writes on with the time that it was made with.
    }

    /// What was not brought to the disk may be there, or not, or in part.
    private mutating func loseCache(_ lane: Int) throws {
        for name in folder.names where name.hasPrefix("rejects-\(lane)-") {
            let path = "\(folder.path)/\(name)"
            let durable = shadow.state.withLock { $0.durable[path] } ?? []
            let now = try folder.read(name)
            if durable == now { continue }
            switch below(3) {
            case 0: try folder.write(name, durable)
            case 1:
                let common = zip(durable, now).prefix { $0 == $1 }.count
                let longer = durable.count > now.count ? durable : now
                try folder.write(
                    name, Array(longer.prefix(common + below(longer.count - common + 1))))
            default: break
            }
        }
    }

    /// It goes back to an older state; the ring goes on where it was.
    mutating func restoreDatabase(_ lane: Int) {
        let model = models[lane]
        // A full disk at this very moment is more than can be borne.
        shadow.state.withLock { $0.room = .max }
        let position = UInt64(below(Int(model.database) + 1)) & ~7
        withWriter(lane) { $0.settle(upTo: position, confirmed: model.confirmed) }
        models[lane].database = position
        models[lane].confirmed = position
    }

    /// A replay takes a file away that nobody is writing to.
    mutating func takeFile() throws {
        guard let name = folder.names.randomElement(using: &dice) else { return }
        let path = "\(folder.path)/\(name)"
        guard let reader = try RejectsReader.open(path), reader.survey.isOurs else { return }
        var taken: Set<String> = []
        _ = try reader.forEach(in: 0..<reader.survey.blocks.count) {
            taken.insert(String(decoding: $0.line, as: UTF8.self))
        }
        unlink(path)
        for lane in models.indices { models[lane].lines.removeAll { taken.contains($0) } }
    }

    mutating func compare() throws {
        var gone = 0
        let found = try folder.lines()
        for lane in models.indices {
            let mine = Set(models[lane].lines)
            let there = found.filter { mine.contains($0) }
            let expected = Array(models[lane].lines.suffix(there.count))
            if there != expected {
                print(
                    log.suffix(30), there.map { $0.prefix(8) },
                    models[lane].lines.map { $0.prefix(8) }, folder.names)
            }
            try #require(there == expected)
            gone += models[lane].lines.count - there.count
            models[lane].lines = there
        }
        let model = Set(models.flatMap(\.lines))
        if found.count != model.count {
            let extra = found.filter { !model.contains($0) }.map {
                Int($0.split(separator: " ")[1].prefix { $0.isNumber })!
            }
            let from = log.firstIndex {
                $0.hasPrefix("fate") && Int($0.split(separator: " ")[3])! >= extra[0]
            }!
            print(extra, log[max(0, from - 3)...], folder.names)
        }
        try #require(found.count == model.count)
        let removed = removedLines + first.counters.removedLines + second.counters.removedLines
        goneLines += gone
        #expect(Int(removed) == goneLines)
        #expect(try folder.totalBytes <= settings.size)
    }
}

@Test func `any history leaves the refused lines as their model`() throws {
    let seed = randomSeed(for: "any history leaves the refused lines as their model")
    for round in 0..<UInt64(40) {
        var history = try RejectsHistory(seed: seed &+ round)
        for _ in 0..<80 { try history.step() }
    }
}
