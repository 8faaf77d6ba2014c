import Testing

@testable import Ingest

@Suite struct SummaryTests {
    @Test func `it names the five most frequent names that nothing takes`() {
        var scene = Scene()
        scene.report.unmatched.add(UnmatchedName(table: nil, name: "fog"), 7)
        for number in 1...5 {
            scene.report.unmatched.add(
                UnmatchedName(table: "weather", name: "n\(number)"), UInt64(number))
        }
        scene.report.unmatched.add(UnmatchedName(table: "weather", name: "a"), 5)
        #expect(
            Summary.metadata(scene.snapshot)["unmatched"]
                == ["fog:7", "weather.a:5", "weather.n5:5", "weather.n4:4", "weather.n3:3"])
        #expect(Summary.metadata(Scene().snapshot)["unmatched"] == nil)
    }

    @Test func `the documentation has a row for every figure, and no other`() throws {
        let shown = try projectFile("docs/journal.md").split(separator: "\n")
            .compactMap { $0.firstMatch(of: /^\| `(\w+)…?` \| [^|`]+ \| [^|]+ \|$/)?.1 }
        let figures = Summary.metadata(busy().snapshot).keys.map {
            $0.hasPrefix("rejected_") ? "rejected_" : $0
        }
        #expect(shown.map(String.init).sorted() == figures.sorted())
    }

    /// A daemon to which everything has happened.
    private func busy() -> Scene {
        var scene = Scene()
        scene.tally.kernelDropped = 1
        scene.tally.truncated.datagrams = 1
        scene.tally.refused.datagrams = 1
        scene.tally.empty.datagrams = 1
        scene.drops.newest.datagrams = 1
        scene.drops.oldest.datagrams = 1
        scene.drops.newestLines = 1
        scene.recovered = 1
        scene.report.alreadyStored = 1
        var outcome = OutcomeTally()
        outcome.unmatchedValues = 1
        outcome.duplicates = 1
        outcome.timestampsCut = 1
        outcome.reject(.noTable)
        scene.report.rejects.unkeptLines = 1
        scene.report.rejects.removedLines = 1
        scene.report.add([outcome])
        scene.report.unmatched.add(UnmatchedName(table: nil, name: "fog"), 1)
        scene.report.unmatched.addOther(1)
        return scene
    }
}
