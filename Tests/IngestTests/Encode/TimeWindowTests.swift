import Ingest
import LineProtocol
import Testing

private let second: Int64 = 1_000_000_000
private let day: Int64 = 86_400 * second
private let year: Int64 = 365 * day
/// 2026-01-01T00:00:00Z.
private let received: Int64 = 1_767_225_600 * second
private let clockIsSet: Int64 = 1_704_067_200 * second
private let open = TimeWindow(aheadMax: .zero, ageMax: .zero)

extension TimeWindow {
    fileprivate func check(_ time: Int64, in precision: Precision = .nanoseconds) -> Verdict {
        check(time, in: precision, receivedAt: received)
    }
}

@Suite struct TimeWindowTests {
    @Test func `the standard is ten minutes ahead and no limit back`() {
        let window = TimeWindow.standard
        #expect(window.check(received) == .fine)
        #expect(window.check(received + 600 * second) == .fine)
        #expect(window.check(received + 600 * second + 1) == .tooFarAhead)
        #expect(window.check(received + 10 * year) == .tooFarAhead)
        #expect(window.check(received - 1) == .fine)
        for historical in [473_385_600, 978_307_200, 1_600_000_000] as [Int64] {
            #expect(window.check(historical * second) == .fine)
        }
    }

    @Test func `each limit holds to the nanosecond, near and far`() {
        for limit in [1, 60, 86_400, 40_000_000] as [Int64] {
            let window = TimeWindow(aheadMax: .seconds(limit), ageMax: .seconds(limit))
            let length = limit * second
            #expect(window.check(received + length) == .fine)
            #expect(window.check(received + length + 1) == .tooFarAhead)
            #expect(window.check(received - length) == .fine)
            #expect(window.check(received - length - 1) == .tooOld)
        }
    }

    @Test func `without limits everything from the second day of 1970 on is fine`() {
        #expect(open.check(day) == .fine)
        #expect(open.check(day - 1) == .tooOld)
        #expect(open.check(Int64.max) == .fine)
        #expect(open.check(0) == .tooOld)
        #expect(open.check(-1) == .tooOld)
        #expect(open.check(Int64.min) == .tooOld)
        #expect(open.check(-received) == .tooOld)
    }

    /// What the sender writes, and what it is taken for.
    static let confused: [(Precision, Precision)] = [
        (.seconds, .nanoseconds), (.milliseconds, .nanoseconds), (.microseconds, .nanoseconds),
        (.seconds, .microseconds), (.milliseconds, .microseconds), (.seconds, .milliseconds),
        (.minutes, .nanoseconds), (.hours, .nanoseconds), (.minutes, .seconds), (.hours, .seconds),
        (.hours, .minutes),
    ]

    @Test(arguments: confused)
    func `a unit that is evidently wrong is known, whatever the limits are`(
        written: Precision, taken: Precision
    ) {
        let unit = written.unitNanoseconds
        for time in [received, received - 366 * day + unit, received + day - unit, received - year]
        {
            let digits = time / unit
            for window in [
                open, .standard, TimeWindow(aheadMax: .seconds(1), ageMax: .seconds(60)),
            ] {
                let verdict = window.check(digits * taken.unitNanoseconds, in: taken)
                #expect(verdict == .wrongUnit(written))
            }
        }
    }

    @Test func `a unit is wrong only when the time would be plausible to the year`() {
        let window = TimeWindow.standard
        let edges: [(Int64, TimeWindow.Verdict)] = [
            (received - 366 * day, .wrongUnit(.microseconds)),
            (received - 366 * day - 1_000, .fine),
            (received + day, .wrongUnit(.microseconds)), (received + day + 1_000, .fine),
        ]
        // Microseconds taken for nanoseconds are twenty days after the beginning of 1970.
        for (time, verdict) in edges { #expect(window.check(time / 1_000) == verdict) }
        // Seconds of a year that nobody sends: only the guard catches them.
        #expect(window.check((received - 3 * year) / second) == .tooOld)
    }

    @Test(arguments: Precision.allCases)
    func `a plausible time is fine in every unit`(precision: Precision) {
        for time in [received, received - 3 * year] {
            let unit = precision.unitNanoseconds
            #expect(TimeWindow.standard.check(time / unit * unit, in: precision) == .fine)
        }
    }

    @Test func `a machine whose clock is not set judges by the guard alone`() {
        let window = TimeWindow(aheadMax: .seconds(1), ageMax: .seconds(60))
        for clock in [0, 5 * day, clockIsSet - 1] {
            #expect(window.check(received, in: .nanoseconds, receivedAt: clock) == .fine)
            #expect(window.check(day, in: .nanoseconds, receivedAt: clock) == .fine)
            #expect(window.check(day - 1, in: .nanoseconds, receivedAt: clock) == .tooOld)
        }
        #expect(window.check(received, in: .nanoseconds, receivedAt: clockIsSet) == .tooFarAhead)
    }

    @Test func `no reception makes it trap`() {
        let edges = [Int64.min, -1, 0, 1, clockIsSet, received, Int64.max - day, Int64.max]
        for window in [open, .standard, TimeWindow(aheadMax: .seconds(1), ageMax: .seconds(60))] {
            for clock in edges {
                for time in edges + [day] {
                    for precision in Precision.allCases {
                        let verdict = window.check(time, in: precision, receivedAt: clock)
                        #expect(time >= day || verdict != .fine)
                    }
                }
            }
        }
    }

    @Test func `each verdict has its reason`() {
        #expect(RejectReason(TimeWindow.Verdict.fine) == nil)
        #expect(RejectReason(TimeWindow.Verdict.tooFarAhead) == .timeTooFarAhead)
        #expect(RejectReason(TimeWindow.Verdict.tooOld) == .timeTooOld)
        #expect(RejectReason(TimeWindow.Verdict.wrongUnit(.hours)) == .timeWrongUnit)
    }
}

@Suite struct TimeLimitsTests {
    @Test func `a source has the limits of its listener, and others the standard`() throws {
        let configuration = try parse(
            """
            [[udp]]
            name = "a"
            listen = ":1"
            ahead_max = "1min"
            [[udp]]
            name = "b"
            listen = ":2"
            age_max = "1h"
            """)
        let names: [String?] = [nil, "b", "gone", "", "a"]
        let limits = TimeLimits(configuration, sourceCount: names.count) { names[Int($0)] }
        let a = TimeWindow(aheadMax: .seconds(60), ageMax: .zero)
        let b = TimeWindow(aheadMax: .seconds(600), ageMax: .seconds(3600))
        #expect((0..<6).map { limits[$0] } == [.standard, b, .standard, .standard, a, .standard])
        #expect(limits[.max] == .standard)
        #expect(TimeLimits()[0] == .standard)
    }
}

@Suite struct TimeTextTests {
    private func text(
        _ time: Int64, in precision: Precision = .nanoseconds, _ window: TimeWindow = .standard,
        listener: String? = "main"
    ) -> String {
        let verdict = window.check(time, in: precision)
        return window.explanation(
            of: verdict, time, in: precision, receivedAt: received, listener: listener)
    }

    @Test func `each text says what to set`() {
        #expect(
            text(1_767_225_600)
                == "the timestamp is in s and taken for ns: set precision = \"s\" for the listener"
                + " \"main\", or let the sender write ns")
        #expect(
            text(received + 3601 * second)
                == "the time 2026-01-01T01:00:01.000Z is more than 10min after the line was received,"
                + " at 2026-01-01T00:00:00.000Z: set the sender's clock, or raise ahead_max for the"
                + " listener \"main\"")
        #expect(
            text(received - 3601 * second, TimeWindow(aheadMax: .zero, ageMax: .seconds(3600)))
                == "the time 2025-12-31T22:59:59.000Z is more than 1h before the line was received,"
                + " at 2026-01-01T00:00:00.000Z: set the sender's clock, or raise age_max for the"
                + " listener \"main\"")
        #expect(
            text(-1_500_000_000, listener: nil)
                == "the time 1969-12-31T23:59:58.500Z is before 1970-01-02T00:00:00.000Z, where only"
                + " timestamps in a wrong unit lie: let the sender write ns, or set precision to what"
                + " it writes")
    }

    private func outOfRange(_ line: String, in precision: Precision) -> String? {
        var line = line
        return line.withUTF8 { bytes in
            TimeWindow.explanation(
                ofOutOfRange: ByteSlice(base: bytes.baseAddress!, count: bytes.count),
                in: precision, receivedAt: received, listener: "main")
        }
    }

    /// What the sender writes, and a unit in which it is beyond what a time can be.
    @Test(arguments: [
        (Precision.nanoseconds, Precision.microseconds), (.nanoseconds, .seconds),
        (.microseconds, .milliseconds), (.microseconds, .seconds), (.milliseconds, .seconds),
        (.milliseconds, .hours), (.seconds, .minutes), (.minutes, .hours),
    ])
    func `of a timestamp that is too large the unit is named`(
        written: Precision, taken: Precision
    ) {
        let digits = received / written.unitNanoseconds
        let text = outOfRange("m,a=b c=1 \(digits) \r", in: taken)
        #expect(
            text
                == "the timestamp is in \(written.name) and taken for \(taken.name): set precision ="
                + " \"\(written.name)\" for the listener \"main\", or let the sender write"
                + " \(taken.name)")
    }

    @Test(arguments: [
        "m c=1e999", "m c=1e999 1767225600", "m c=1 99999999999999999999",
        "m c=1 9223372036854775807", "m c=1 -1767225600000", "m", "",
        "m c=\"a 1767225600000\"", "m c=1 1767225600000x",
    ])
    func `nothing is said of what could be anything`(line: String) {
        guard !line.isEmpty else { return }
        #expect(outOfRange(line, in: .seconds) == nil)
    }

    @Test func `a time is not plausible in two units, however long ago it is`() {
        // What is judged without trying other units must be what trying them gives.
        for precision in Precision.allCases {
            let unit = precision.unitNanoseconds
            for shift in 0..<40 {
                for offset in [-1, 0, 1] as [Int64] {
                    let time = ((received >> shift) / unit + offset) * unit
                    guard time > day else { continue }
                    let other = Precision.allCases.first { other in
                        let digits = time / unit
                        let (moment, isOverflow) = digits.multipliedReportingOverflow(
                            by: other.unitNanoseconds)
                        return !isOverflow && abs(moment - received) < day
                    }
                    let verdict = open.check(time, in: precision)
                    if let other, other != precision {
                        #expect(verdict == .wrongUnit(other), "\(time) \(precision)")
                    } else if abs(time - received) < day || time >= received >> 5 {
                        #expect(verdict == .fine, "\(time) \(precision)")
                    }
                }
            }
        }
    }
}
