import Glibc
import TestSupport
import Testing

@testable import Ring

/// A ring with its books and a make-believe database, through crashes of all kinds.
private struct LedgerHistory {
    let folder = Folder()
    var dice: Dice
    let overflow: Overflow
    var boot: UInt64 = 1
    var ring: Ring!
    var books: Books { Books(ring: ring) }
    var serial: Int64 = 0
    /// What the database has, by serial, and how far.
    var stored: Set<Int64> = []
    var position: UInt64 = 0
    /// Every position that was ever committed, with what was stored then.
    var backups: [(position: UInt64, stored: Set<Int64>)] = [(0, [])]
    /// Every state of the file since the last sync; only kept when a power cut is to come.
    var images: [[UInt8]] = []
    let hasPowerCuts: Bool
    /// A power cut was, or a backup was restored: the totals are balanced, but not exact.
    var isBlurred = false
    var appended = 0
    /// After a power cut the ledger may be older than the database, until that is asked.
    var isUnsure = false

    var path: String { folder.file("ring") }

    init(seed: UInt64, powerCuts: Bool) throws {
        dice = Dice(state: seed)
        hasPowerCuts = powerCuts
        overflow = Bool.random(using: &dice) ? .dropNewest : .dropOldest
        ring = try openRing(folder.file("ring"), overflow: overflow).ring
        try sync()
    }

    mutating func sync() throws {
        try ring.sync()
        images = []
        takeImage()
    }

    mutating func takeImage() {
        if hasPowerCuts { images.append(readFile(path)) }
    }

    mutating func step() throws {
        switch dice.below(100) {
        case 0..<40: append(isCounted: true)
        case 40..<85: try write()
        case 85..<90: try kill()
        case 90..<93:
            append(isCounted: false)
            try kill()
        case 93..<95 where hasPowerCuts: try powerCut()
        case 95..<96 where hasPowerCuts: try restoreBackup()
        default: try sync()
        }
        takeImage()
        books.expectLaw("after a step")
        if !isBlurred { expectExactTotals() }
    }

    /// Without counting, no frame may be dropped: nobody would know.
    mutating func append(isCounted: Bool) {
        let frames = (0..<dice.below(8)).map { _ in
            serial += 1
            let source: UInt16 = [0, 1, 5, 86, 87, 88, 300][dice.below(7)]
            return Kept(
                FrameInfo(receivedAt: serial, source: source), dice.bytes(dice.below(300)))
        }
        let lost = ring.append(frames, overflow: isCounted ? overflow : .dropNewest).lost
        let newest = Set(lost.filter { $0.0 == .droppedNewest }.map(\.2.info.receivedAt))
        let oldest = lost.filter { $0.0 == .droppedOldest }.map(\.2)
        let accepted = frames.filter { !newest.contains($0.info.receivedAt) }
        appended += accepted.count
        let dropsStored = oldest.contains { stored.contains($0.info.receivedAt) }
        #expect(!dropsStored || isUnsure, "what may be in the database is not dropped")
        guard isCounted else { return }
        books.count(accepted, as: Books.Intake.accepted)
        books.count(oldest, as: Books.Intake.droppedOldest)
    }

    /// One batch, with all that can happen around its COMMIT.
    mutating func write() throws {
        if try writeBatch() { return }
        try dice.below(3) == 0 && hasPowerCuts ? powerCut() : kill()
    }

    /// - Returns: whether the daemon survived it.
    mutating func writeBatch() throws -> Bool {
        guard let pinned = ring.pin(byteLimit: 1 + dice.below(1500)) else { return true }
        let batch = pinned.map { Kept($0) }
        books.stage(batch, end: pinned.end)
        takeImage()
        let event = dice.below(10)
        let isCommitted = event < 7
        if isCommitted { commit(batch, pinned.end) }
        switch event {
        case 0..<5: try ring.release(to: pinned.end)
        case 5, 9:
            ring.unpin()
            try books.resume(after: position)
        case 7: ring.unstage()
        default: return false
        }
        ring.unpin()
        return true
    }

    mutating func commit(_ batch: [Kept], _ end: UInt64) {
        for frame in batch { #expect(stored.insert(frame.info.receivedAt).inserted) }
        position = end
        backups.append((end, stored))
    }

    mutating func kill() throws {
        ring = nil
        let (ring, report) = try openRing(path, overflow: overflow, boot: boot)
        self.ring = ring
        #expect(report.isFlawless)
        let change = books.reconcile()
        #expect(change.lost == 0)
        books.expectLaw("after a kill")
        if dice.below(2) == 0 { append(isCounted: true) }
        books.expectLaw("before the database is asked")
        try takeUp()
    }

    /// Of every sector one of its states since the last sync.
    mutating func powerCut() throws {
        takeImage()
        ring = nil
        isBlurred = true
        var disk = images[0]
        for sector in stride(from: 0, to: disk.count, by: 512) {
            let image = images[dice.below(images.count)]
            disk.replaceSubrange(sector..<sector + 512, with: image[sector..<sector + 512])
        }
        writeFile(path, disk)
        for name in folder.names where name.contains("damaged") { _ = remove(folder.file(name)) }
        boot += 1
        ring = try openRing(path, overflow: overflow, boot: boot).ring
        _ = books.reconcile()
        books.expectLaw("after a power cut")
        isUnsure = true
        if dice.below(2) == 0 { append(isCounted: true) }
        books.expectLaw("before the database is asked")
        try takeUp()
        isUnsure = false
        try sync()
    }

    mutating func restoreBackup() throws {
        isBlurred = true
        (position, stored) = backups[dice.below(backups.count)]
        backups.removeAll { $0.position > position }
        ring = nil
        ring = try openRing(path, overflow: overflow, boot: boot).ring
        _ = books.reconcile()
        try takeUp()
    }

    mutating func takeUp() throws {
        try books.resume(after: position)
        books.expectLaw("after the database was asked")
        let known = ring.contents().filter { stored.contains($0.info.receivedAt) }
        #expect(known.isEmpty, "nothing is written twice")
    }

    func expectExactTotals() {
        var taken = UInt64(0)
        var accepted = UInt64(0)
        for index in ring.ledgerIndexes {
            taken += books.totals(index)[Books.Outcome.taken]
            #expect(books.totals(index)[Books.Outcome.stored] == 0)
            #expect(books.totals(index)[Books.Outcome.found] == 0)
            accepted += ring.ledger(of: index).intake[Books.Intake.accepted]
        }
        #expect(taken == UInt64(stored.count))
        #expect(accepted == UInt64(appended))
    }
}

@Suite struct LedgerModelTests {
    @Test func `kills at any point around a COMMIT leave the counters exact`() throws {
        let first = seed("kills at any point around a COMMIT")
        for round in 0..<UInt64(40 * effort) {
            var history = try LedgerHistory(seed: first &+ round, powerCuts: false)
            for _ in 0..<120 { try history.step() }
        }
    }

    @Test func `power cuts and restored databases leave the counters balanced`() throws {
        let first = seed("power cuts and restored databases")
        for round in 0..<UInt64(12 * effort) {
            var history = try LedgerHistory(seed: first &+ round, powerCuts: true)
            for _ in 0..<60 { try history.step() }
        }
    }
}
