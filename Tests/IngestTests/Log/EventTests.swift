import Ingest
import Testing

@Suite struct EventTests {
    @Test func `every event has an identifier of its own`() {
        let identifiers = Event.allCases.map(\.messageID)
        #expect(Set(identifiers).count == identifiers.count)
        #expect(identifiers.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32}/) != nil })
    }

    @Test func `identifiers never change`() {
        // Operators have these in their alarms.
        #expect(Event.started.messageID == "33a0858ea77945148408d351e2d5ba24")
        #expect(Event.databaseLost.messageID == "feba4f1fc22842e5bb11638e6c0da645")
    }

    @Test func `the documentation has a row for every event, and no other`() throws {
        let rows = try projectFile("docs/journal.md").split(separator: "\n")
            .compactMap { $0.firstMatch(of: /^\| `(\w+)` \| `([0-9a-f]{32})` \| .+ \| .+ \|$/) }
            .map { "\($0.1) \($0.2)" }
        #expect(rows.sorted() == Event.allCases.map { "\($0.rawValue) \($0.messageID)" }.sorted())
    }

    @Test func `everything that an operator sees is an event`() throws {
        let sources = try ["*/*", "*/*/*", "*/*/*/*"].flatMap {
            try projectFiles("Sources/\($0).swift")
        }
        let bare = try sources.filter { source in
            try projectFile(source).contains(
                /logger\.(info|notice|warning|error|critical)\(/)
        }
        #expect(bare == [])
    }

    @Test func `every event is sent somewhere`() throws {
        let sources = try ["*/*", "*/*/*", "*/*/*/*"].flatMap {
            try projectFiles("Sources/\($0).swift")
        }
        let text = try sources.filter { !$0.hasPrefix("Sources/Ingest/Report/Event") }
            .map { try projectFile($0) }.joined()
        // Only names of cases, not where they stand: states have some of the same.
        let names = Set(text.matches(of: /\.(\w+)/).map { String($0.1) })
        #expect(Event.allCases.filter { !names.contains("\($0)") } == [])
    }
}
