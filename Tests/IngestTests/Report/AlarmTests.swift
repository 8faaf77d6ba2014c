import Testing

@testable import Ingest

@Suite struct AlarmTests {
    private let log = LogRecorder()
    private var scene = Scene()

    @Test mutating func `the first loss of a kind is told at the next turn`() {
        var alarms = Alarms(logger: log.logger)
        alarms.tell(scene.snapshot)
        #expect(log.take().isEmpty)
        alarms.tell(scene.after(1) { $0.tally.kernelDropped = 3 })
        let entry = log.take().first
        #expect(entry?.event == .kernelDrops)
        #expect(entry?.fields["source"] == "main")
        #expect(entry?.fields["datagrams"] == "3")
    }

    @Test mutating func `the same kind is told again after the limit, with all since then`() {
        var alarms = Alarms(logger: log.logger)
        for second in 1...9 {
            alarms.tell(scene.after(1) { $0.tally.refused.datagrams = UInt64(second) })
        }
        #expect(log.takeEvents() == ["source_refused"])
        alarms.tell(scene.after(2))
        let entry = log.take().first
        #expect(entry?.fields["datagrams"] == "8")
        #expect(entry?.fields["total"] == "9")
        alarms.tell(scene.after(100))
        #expect(log.take().isEmpty)
    }

    @Test mutating func `a refused or too large datagram is told with its sender`() {
        var alarms = Alarms(logger: log.logger)
        var tally = ReceiveTally()
        tally.refused.datagrams = 1
        tally.refusedSender = IPAddress("10.1.2.3")
        tally.truncated.datagrams = 1
        tally.truncatedSender = IPAddress("2001:db8::1")
        alarms.tell(scene.after(1) { $0.tally = tally })
        #expect(log.take().map { $0.fields["sender"] } == ["2001:db8::1", "10.1.2.3"])
    }

    @Test mutating func `another kind does not wait for the first`() {
        var alarms = Alarms(logger: log.logger)
        alarms.tell(scene.after(1) { $0.tally.refused.datagrams = 1 })
        alarms.tell(scene.after(1) { $0.tally.truncated.datagrams = 1 })
        #expect(log.takeEvents() == ["source_refused", "datagram_truncated"])
    }

    @Test mutating func `at the end nothing stays untold`() {
        var alarms = Alarms(logger: log.logger)
        alarms.tell(scene.after(1) { $0.drops.newest.datagrams = 1 })
        alarms.tell(scene.after(1) { $0.drops.newest.datagrams = 5 }, isLast: true)
        let told = log.take().filter { $0.event == .ringFull }.map { $0.fields["datagrams"] }
        #expect(told == ["1", "4"])
    }

    @Test mutating func `each step of the ring's filling is told once`() {
        var alarms = Alarms(logger: log.logger)
        for used in [100, 400, 510, 520, 700, 760, 800, 910, 950] {
            alarms.tell(scene.after(1) { $0.usedBytes = used })
        }
        #expect(log.take().map { $0.fields["fill"] } == ["51%", "76%", "91%"])
    }

    @Test mutating func `a ring that fills and empties at every turn is told of once`() {
        var alarms = Alarms(logger: log.logger)
        for second in 0..<10 {
            alarms.tell(scene.after(1) { $0.usedBytes = second % 2 == 0 ? 600 : 0 })
        }
        #expect(log.takeEvents() == ["ring_filling"])
        alarms.tell(scene.after(1) { $0.usedBytes = 0 })
        #expect(log.takeEvents() == ["ring_drained"])
    }

    @Test mutating func `a ring that has room again tells what was dropped meanwhile`() {
        var alarms = Alarms(logger: log.logger)
        scene.drops.newest.datagrams = 100
        alarms.tell(scene.snapshot)
        alarms.tell(scene.after(60))
        _ = log.take()
        alarms.tell(scene.after(1) { $0.usedBytes = 600 })
        alarms.tell(
            scene.after(1) {
                $0.usedBytes = 990
                $0.drops.newest.datagrams = 130
            })
        alarms.tell(scene.after(60) { $0.usedBytes = 0 })
        let entry = log.take().last
        #expect(entry?.event == .ringDrained)
        #expect(entry?.fields["dropped"] == "30")
    }

    @Test mutating func `an imbalance that changes is none`() {
        var alarms = Alarms(logger: log.logger)
        for second in 0..<60 {
            alarms.tell(scene.after(1) { $0.books.rows = UInt64(second % 8 + 1) })
        }
        #expect(log.take().isEmpty)
    }

    @Test mutating func `an imbalance that stands is told once`() {
        var alarms = Alarms(logger: log.logger)
        for _ in 0..<10 { alarms.tell(scene.after(1) { $0.books.rows = 2 }) }
        #expect(log.take().isEmpty)
        for _ in 0..<60 { alarms.tell(scene.after(1)) }
        #expect(log.takeEvents() == ["ledger_imbalance"])
    }

    @Test(arguments: [
        (Duration.milliseconds(100), Duration.milliseconds(100)),
        (.milliseconds(1_500), .milliseconds(750)), (.seconds(10), .seconds(1)),
        (.seconds(3_600), .seconds(1)),
    ])
    func `a turn is never longer than the interval`(interval: Duration, turn: Duration) {
        #expect(Cadence(turnMax: .seconds(1), start: start).turn(of: interval) == turn)
    }

    @Test func `a summary is due when the interval is over, also a new one`() {
        var cadence = Cadence(turnMax: .seconds(1), start: start)
        let later = start + .seconds(5)
        let intervals: [Duration] = [.seconds(10), .milliseconds(100), .milliseconds(100)]
        let isDue = intervals.map { cadence.isSummaryDue(at: later, every: $0) }
        #expect(isDue == [false, true, false])
    }
}
