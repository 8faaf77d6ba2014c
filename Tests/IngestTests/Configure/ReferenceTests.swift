import Ingest
import Testing

/// The code's own list of keys is the source; the example and the documentation follow it.
@Suite struct ReferenceTests {
    private func lines(_ path: String) throws -> [String] {
        try projectFile(path).split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
    }

    /// The lines below a header, up to the next one.
    private func section(_ header: String, of lines: [String], isHeader: (String) -> Bool)
        -> [String]
    {
        let start = lines.firstIndex(of: header)
        return start.map { Array(lines[($0 + 1)...].prefix { !isHeader($0) }) } ?? []
    }

    private func row(_ setting: Setting) -> String {
        let isLiteral = setting.standardText.first.map { "\"[0123456789".contains($0) } ?? false
        let standard = isLiteral ? "`\(setting.standardText)`" : setting.standardText
        let reload = setting.isReloadable ? "yes" : "restart"
        return
            "| `\(setting.key)` | \(setting.unit) | \(standard) | \(reload) | \(setting.meaning) |"
    }

    @Test func `the documentation has a row for every key, and no other`() throws {
        let lines = try lines("docs/configuration.md")
        for section in Setting.Section.allCases {
            let found = self.section("## `\(section.header)`", of: lines) { $0.hasPrefix("## ") }
                .filter { $0.hasPrefix("| `") }
            #expect(found == Configuration.reference.filter { $0.section == section }.map(row))
        }
    }

    @Test func `the example names every key with its meaning, values and default`() throws {
        let lines = try lines("systemd/sluice.toml")
        for section in Setting.Section.allCases {
            let isHeader: (String) -> Bool = { $0.wholeMatch(of: #/#?\[+\w+\]+/#) != nil }
            let isOptional = section == .table || section == .files
            let header = isOptional ? "#\(section.header)" : section.header
            let text = self.section(header, of: lines, isHeader: isHeader)
            let settings = Configuration.reference.filter { $0.section == section }
            let keys = text.compactMap { $0.firstMatch(of: #/^#(\w+) = /#)?.1 }.map(String.init)
            #expect(keys == settings.map(\.key))
            let blocks = text.split(separator: "").map { $0.map { $0.drop { "# ".contains($0) } } }
            for setting in settings {
                let block = blocks.first { $0.last?.hasPrefix("\(setting.key) = ") ?? false }
                let told = (block ?? []).joined(separator: " ")
                #expect(told.hasPrefix(setting.meaning))
                let note = setting.isReloadable ? " (reload)" : ""
                #expect(told.contains("Values: \(setting.unit)\(note)"))
                #expect(told.contains(setting.standardText))
            }
        }
    }

    @Test func `the example as it is means every default`() throws {
        #expect(try parse(projectFile("systemd/sluice.toml")) == parse(""))
    }

    @Test func `the defaults that the example shows are the defaults`() throws {
        let text = try projectFile("systemd/sluice.toml")
            .replacing(#/\n#(\[|\w+ = )/#) { "\n\($0.1)" }
        var shown = try parse(text)
        #expect(shown.tables.map(\.name.description) == ["environmental_weatherdata"])
        shown.tables = []
        #expect(shown.files.map(\.path) == ["/var/lib/logger/*.lp"])
        shown.files = []
        #expect(shown.listeners.map(\.isListenGiven) == [true])
        shown.listeners[0].isListenGiven = false
        #expect(try shown == parse(""))
    }

    @Test func `what the documentation shows as a file is one`() throws {
        let parts = try projectFile("docs/configuration.md").split(separator: "```")
        let examples = parts.filter { $0.hasPrefix("toml\n") }.map { String($0.dropFirst(5)) }
        #expect(examples.count >= 2)
        for example in examples { #expect(problems(example) == []) }
    }
}
