import Testing

@testable import Ingest

@Suite struct StatusLineTests {
    private var scene = Scene()

    /// The line a second later.
    private mutating func line(_ change: (inout Scene) -> Void) -> String {
        let before = scene.snapshot
        return StatusLine.text(scene.after(1, change), since: before)
    }

    private static func outcome(rows: UInt64, rejected: UInt64 = 0) -> OutcomeTally {
        var tally = OutcomeTally()
        tally.rows = rows
        tally.reject(.noTable, count: rejected)
        return tally
    }

    @Test mutating func `in peace it is rates, the ring and the last commit`() {
        let text = line {
            $0.tally.received.datagrams = 120
            $0.report.add([Self.outcome(rows: 240)])
            $0.usedBytes = 20
            $0.report.lastCommit = start
        }
        #expect(text == "receiving 120/s, writing 240 rows/s, ring 2 %, last commit 1.0 s ago")
    }

    @Test mutating func `rejected lines are told while there are any`() {
        let first = line { $0.report.add([Self.outcome(rows: 0, rejected: 7)]) }
        #expect(first == "receiving 0/s, writing 0 rows/s, rejecting 7 lines/s, ring 0 %")
        let second = line { _ in }
        #expect(second == "receiving 0/s, writing 0 rows/s, ring 0 %")
    }

    @Test mutating func `drops are a rate while they happen and a total afterwards`() {
        let first = line {
            $0.drops.newest.datagrams = 5
            $0.tally.kernelDropped = 2
        }
        #expect(first == "receiving 0/s, writing 0 rows/s, ring 0 %, dropping 7/s")
        let second = line { _ in }
        #expect(second.hasSuffix("ring 0 %, 7 datagrams dropped since the start"))
    }

    @Test mutating func `when the intake has ended it says that it stops`() {
        let text = line { $0.hasEnded = true }
        #expect(text == "stopping, writing 0 rows/s, ring 0 %")
        scene.report.state = .unavailable(why: "connection refused")
        scene.report.stateSince = start
        let trouble = line { _ in }
        #expect(
            trouble == """
                stopping, database unavailable for 2.0 s (connection refused), buffering, ring 0 %
                """)
    }

    @Test mutating func `without the database it says when the ring is full`() {
        scene.report.state = .unavailable(why: "connection refused")
        let filling = line { $0.usedBytes = 100 }
        #expect(filling.hasSuffix("ring 10 %, full in about 9.0 s"))
        let full = line { $0.usedBytes = Scene.capacity }
        #expect(full.hasSuffix("receiving 0/s, ring full"))
    }

    @Test(arguments: [
        (
            #"connection to server at "10.0.0.1", port 5432 failed: Connection refused; start it"#,
            "database unreachable for 0.0 s (Connection refused)"
        ),
        (
            #"connection to server on socket "/run/x" failed: FATAL: no (SQLSTATE 28000); GRANT"#,
            "database unavailable for 0.0 s (FATAL: no (SQLSTATE 28000))"
        ),
        (
            "the database system is starting up",
            "database unavailable for 0.0 s (the database system is starting up)"
        ),
    ])
    mutating func `what libpq says of a connection is shortened to the reason`(
        why: String, text: String
    ) {
        scene.report.state = .unavailable(why: why)
        scene.report.stateSince = start
        let line = StatusLine.text(scene.snapshot, since: scene.snapshot)
        #expect(line.hasPrefix(text + ", buffering"))
    }

    @Test mutating func `the forecast follows the growth since the outage began`() {
        var window = GrowthWindow()
        var last = scene.snapshot
        window.add(last)
        scene.report.state = .unavailable(why: "connection refused")
        scene.report.stateSince = start + .seconds(5)
        var text = ""
        // Two bytes each second or so, and nothing in the last one.
        for growth in [0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 10, 0] {
            let now = scene.after(1) { $0.usedBytes += growth }
            window.add(now)
            text = StatusLine.text(now, since: last, window)
            last = now
        }
        // From the outage's begin on 15 bytes came in 7 seconds, and 985 have room.
        #expect(text.hasSuffix("full in about 7 min"))
    }

    @Test mutating func `a ring in which nothing finds room is full`() {
        let text = line {
            $0.usedBytes = 990
            $0.drops.newest.datagrams = 3
        }
        #expect(text.hasSuffix("ring full, dropping 3/s"))
    }

    @Test(arguments: [
        (0, 1.0, "0/s"), (1, 2.0, "0.5/s"), (996, 100.0, "10/s"), (3, 1.0, "3/s"),
        (2_999, 1_000.0, "3/s"), (1_234, 10.0, "123/s"),
    ])
    mutating func `a rate has a tenth only where it says something`(
        count: UInt64, seconds: Double, text: String
    ) {
        let before = scene.snapshot
        let now = scene.after(seconds) { $0.tally.received.datagrams = count }
        #expect(StatusLine.text(now, since: before).hasPrefix("receiving \(text),"))
    }

    @Test(arguments: [
        (0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (34.5, "34 s"), (150.0, "2 min"),
    ])
    func `an age is in the unit that fits it`(seconds: Double, text: String) {
        #expect(StatusLine.age(.seconds(seconds)) == text)
    }
}
