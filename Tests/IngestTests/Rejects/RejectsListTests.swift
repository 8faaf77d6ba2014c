import Testing

@testable import Ingest

@Suite struct RejectsListTests {
    private func entry(_ line: String, reason: String = "value", at time: Int64 = 0) -> RejectsEntry
    {
        RejectsEntry(
            time: time, source: "main", reason: reason, receivedAt: 0, line: Array(line.utf8),
            comment: [])
    }

    @Test(arguments: [
        ("weather,station=a t=1", "weather"), ("weather t=1", "weather"), ("weather", "weather"),
        ("a\\ b\\,c,d=e f=1", "a b,c"), ("a\\b v=1", "a\\b"), ("", "?"), (" x", "?"), (",x", "?"),
        ("\u{1}x", "?"),
    ])
    func `the measurement is what the line begins with`(line: String, measurement: String) {
        #expect(entry(line).measurement == measurement)
    }

    @Test func `lines are counted by reason, listener and measurement, the most frequent first`() {
        var list = RejectsList()
        list.add(entry("b v=1", at: 1_000_000_000))
        for second in 2...4 { list.add(entry("a v=\(second)", at: Int64(second) * 1_000_000_000)) }
        list.add(entry("a v=9", reason: "range", at: 9_000_000_000))
        #expect(
            list.lines.filter { !$0.hasPrefix(" ") } == [
                "3 value, listener main, measurement a, 1970-01-01T00:00:02.000000Z to"
                    + " 1970-01-01T00:00:04.000000Z",
                "1 range, listener main, measurement a, 1970-01-01T00:00:09.000000Z to"
                    + " 1970-01-01T00:00:09.000000Z",
                "1 value, listener main, measurement b, 1970-01-01T00:00:01.000000Z to"
                    + " 1970-01-01T00:00:01.000000Z",
                "5 lines",
            ])
        #expect(RejectsList().lines == ["no refused lines"])
    }

    @Test func `groups are bounded, and the rest is counted together`() {
        var list = RejectsList()
        let count = RejectsLimits.groupsMax + 7
        for number in 0..<count { list.add(entry("m\(number) v=1")) }
        #expect(list.total == count)
        #expect(list.lines.contains("7 of further reasons, listeners and measurements"))
    }

    @Test func `what a sensor sent drives no terminal`() {
        var list = RejectsList()
        list.add(entry("evil\u{1b}[2J v=1"))
        #expect(list.lines.allSatisfy { !$0.unicodeScalars.contains("\u{1b}") })
    }

    @Test func `a filter takes what all of its parts take`() {
        let one = entry("a v=1")
        #expect(RejectsFilter().takes(one))
        #expect(RejectsFilter(source: "main", reason: "value", measurement: "a").takes(one))
        #expect(!RejectsFilter(source: "other").takes(one))
        #expect(!RejectsFilter(reason: "range").takes(one))
        #expect(!RejectsFilter(measurement: "b").takes(one))
    }
}
