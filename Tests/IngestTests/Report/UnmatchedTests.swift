import LineProtocol
import Testing

@testable import Ingest

@Suite struct UnmatchedTests {
    private let log = LogRecorder()
    private var report = LaneReport()

    private mutating func tell(_ names: [UnmatchedName]) -> [LogRecorder.Entry] {
        var counts = UnmatchedCounts()
        for name in names { counts.add(name, 1) }
        report.add(unmatched: counts).tell(log.logger)
        return log.take()
    }

    private func names(_ table: String?, _ numbers: Range<Int>) -> [UnmatchedName] {
        numbers.map { UnmatchedName(table: table, name: "n\(1_000_000 + $0)") }
    }

    @Test mutating func `a name is told once`() {
        let name = UnmatchedName(table: "weather", name: "turbidity")
        let entries = tell([name])
        #expect(
            entries.map(\.message) == [
                #"table weather has no column "turbidity"; its values are not stored"#
            ])
        #expect(entries.first?.fields["names"] == "turbidity")
        let again = tell([name])
        #expect(again.isEmpty)
    }

    @Test mutating func `a commit gives one entry a table, and one for measurements`() {
        let entries = tell(names(nil, 0..<3) + names("a", 0..<2) + names("b", 0..<1))
        #expect(entries.map { $0.fields["table"] } == [nil, "a", "b"])
        #expect(entries.first?.fields["measurements"] == "n1000000,n1000001,n1000002")
    }

    @Test mutating func `an entry lists ten names and counts the others`() {
        let entries = tell(names("a", 0..<500))
        #expect(entries.count == 1)
        #expect(entries.first?.message.contains(#""n1000009" and 490 more;"#) == true)
        #expect(entries.first?.fields["more"] == "490")
    }

    @Test mutating func `that further names are counted together is told once`() {
        _ = tell(names("a", 0..<LaneReport.unmatchedNamesMax))
        let full = tell(names("a", 2_000..<2_003))
        #expect(full.count == 1)
        #expect(full.first?.message.contains("counted together") == true)
        let later = tell(names("a", 3_000..<3_003))
        #expect(later.isEmpty)
        #expect(report.unmatched.other == 6)
    }

    @Test(arguments: [
        ("turbidity", "turbidity"),
        (String(repeating: "a", count: 128), String(repeating: "a", count: 128)),
        (String(repeating: "a", count: 129), String(repeating: "a", count: 125) + "…"),
        // 125 bytes are 41 characters and two thirds of one.
        (String(repeating: "€", count: 100), String(repeating: "€", count: 41) + "…"),
    ])
    func `a long name is cut between characters`(name: String, kept: String) {
        let bytes = Array(name.utf8)
        let text = bytes.withUnsafeBufferPointer {
            UnmatchedName.text(ByteSlice(base: $0.baseAddress!, count: $0.count))
        }
        #expect(text == kept)
    }
}
