import Testing

@testable import Ingest

@Suite struct StallTests {
    private var scene = Scene()
    private var stalls = StallDetector(limit: .seconds(10))

    /// A second in which everything turns that is not said to stand.
    private mutating func second(
        receiverStands: Bool = false, writerStands: Bool = false
    ) -> [StallDetector.Change] {
        stalls.look(
            scene.after(1) {
                if !receiverStands { $0.listenerTurns += 1 }
                if !writerStands { $0.laneTurns += 1 }
            })
    }

    @Test mutating func `a stall is told once, and its end once`() {
        _ = second()
        var changes: [StallDetector.Change] = []
        for _ in 0..<60 { changes += second(receiverStands: true) }
        #expect(changes == [.stalled("receive main")])
        #expect(stalls.isAnyStalled)
        let end = second()
        #expect(end == [.moves("receive main", after: .seconds(61))])
        #expect(!stalls.isAnyStalled)
        let later = second()
        #expect(later.isEmpty)
    }

    @Test mutating func `two stages that stand are both told`() {
        _ = second()
        var changes: [StallDetector.Change] = []
        for _ in 0..<60 { changes += second(receiverStands: true, writerStands: true) }
        #expect(changes == [.stalled("receive main"), .stalled("write 0")])
    }

    @Test mutating func `a writer may stand while it waits for the database`() {
        scene.isWaitingForDatabase = true
        var changes: [StallDetector.Change] = []
        for _ in 0..<60 { changes += second(writerStands: true) }
        #expect(changes.isEmpty)
    }

    @Test mutating func `but not when it cannot be waiting any more`() {
        scene.isWaitingForDatabase = true
        var changes: [StallDetector.Change] = []
        for turn in 0..<60 {
            let now = scene.after(1) { $0.listenerTurns += 1 }
            changes += stalls.look(now) { lane in lane == 0 && turn >= 30 }
        }
        #expect(changes == [.stalled("write 0")])
    }

    @Test mutating func `a disk that hangs is told of, and the watchdog is fed`() {
        scene.isSyncing = true
        var changes: [StallDetector.Change] = []
        for _ in 0..<60 { changes += second() }
        #expect(changes == [.stalled("sync")])
        #expect(!stalls.isAnyStalled)
        scene.isSyncing = false
        scene.syncTurns += 1
        #expect(second() == [.moves("sync", after: .seconds(60))])
    }

    @Test mutating func `a stage that has ended stalls no more`() {
        _ = second()
        for _ in 0..<60 { _ = second(receiverStands: true) }
        scene.hasEnded = true
        let changes = second(receiverStands: true)
        #expect(changes.isEmpty)
        #expect(!stalls.isAnyStalled)
    }

    @Test(arguments: [(0.0, "0.0s"), (34.502204574000004, "34.5s"), (9.96, "10.0s")])
    func `a duration is a field of seconds with a tenth`(seconds: Double, text: String) {
        #expect(Duration.seconds(seconds).fieldText == text)
    }
}
