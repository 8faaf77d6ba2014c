import Testing

@testable import Ingest

@Suite struct FilesSectionTests {
    @Test func `a path is all that is needed, and there is no listener then`() throws {
        let configuration = try parse("[[files]]\npath = \"/data/*.lp\"")
        let files = try #require(configuration.files.first)
        #expect(files.name == "/data/*.lp")
        #expect(files.mode == .follow)
        #expect(files.done == .keep)
        #expect(configuration.listeners.isEmpty)
        #expect(try !parse("").listeners.isEmpty)
    }

    @Test func `a long path gives its end as the name`() throws {
        let path = "/data/" + String(repeating: "long/", count: 30) + "ü*.lp"
        let name = try parse("[[files]]\npath = \"\(path)\"").files[0].name
        #expect(name.utf8.count <= 64)
        #expect(name.hasPrefix("…") && name.hasSuffix("long/ü*.lp"))
    }

    @Test func `what cannot be meant is told`() {
        func told(_ text: String) -> String { problems("[[files]]\n\(text)").joined() }
        #expect(told("").contains("needs a path"))
        #expect(told("path = \"data/*\"").contains("not an absolute path"))
        #expect(told("path = \"/data/\"").contains("write \"/data/*\""))
        #expect(told("path = \"/d/*\"\ndone = \"delete\"").contains("mode = \"drop\""))
        #expect(
            told("path = \"/d/*\"\nmode = \"drop\"\ndone = \"move\"").contains("done_directory"))
        #expect(told("path = \"/d/*\"\nmode = \"tail\"").contains("follow"))
        #expect(
            problems("[[files]]\npath = \"/d/*\"\n[[files]]\npath = \"/d/*\"").joined()
                .contains("another name"))
        #expect(
            problems("[[udp]]\nname = \"a\"\n[[files]]\npath = \"/d/*\"\nname = \"a\"").joined()
                .contains("another name"))
    }

    @Test func `a reload takes up which times are believed, and names the rest`() throws {
        let old = try parse("[[files]]\npath = \"/d/*\"\nname = \"a\"")
        let new = try parse(
            "[[files]]\npath = \"/e/*\"\nname = \"a\"\nage_max = \"1h\"\n[[files]]\npath = \"/f\"")
        let changes = Configuration.changesNeedingRestart(from: old, to: new)
        #expect(changes == ["files \"a\": path: /d/* → /e/*", "files \"/f\": added"])
        let reloaded = old.reloaded(with: new)
        #expect(reloaded.files.map(\.path) == ["/d/*"])
        #expect(reloaded.files[0].ageMax == .seconds(3_600))
    }
}
