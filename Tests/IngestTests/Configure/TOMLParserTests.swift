import TestSupport
import Testing

@testable import Ingest

@Suite struct TOMLParserTests {
    /// A document in one line: `a:1 b:{c:"x"}`.
    private func show(_ text: String) throws -> String {
        show(.table(try TOMLParser.parse(text)))
    }

    private func show(_ value: TOMLValue) -> String {
        switch value {
        case .string(let text): return "\"\(text)\""
        case .integer(let number): return "\(number)"
        case .float, .boolean, .dateTime: return value.typeName
        case .array(let nodes): return "[\(nodes.map { show($0.value) }.joined(separator: " "))]"
        case .table(let table):
            let entries = table.entries.map { "\($0.key):\(show($0.node.value))" }
            return "{\(entries.joined(separator: " "))}"
        }
    }

    private func failure(_ text: String) -> TOMLSyntaxError? {
        do throws(TOMLSyntaxError) {
            _ = try TOMLParser.parse(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func `sections, lists of sections and dotted keys make a tree`() throws {
        let text = """
            top = 1
            [a.b]
            c = 1
            [a]
            d.e = 2
            d.f = 3
            [[list]]
            x = 1
            [list.deeper]
            y = 1
            [[list]]
            [list.deeper]
            y = 2
            """
        #expect(
            try show(text)
                == "{top:1 a:{b:{c:1} d:{e:2 f:3}} list:[{x:1 deeper:{y:1}} {deeper:{y:2}}]}")
    }

    @Test func `keys are bare or in quotes`() throws {
        #expect(
            try show("a-b_1 = 1\n\"c d\" = 2\n'e\\f' = 3\n\"\\u00e4\" . x = 4\n\"\" = 5\n1.2 = 6")
                == #"{a-b_1:1 c d:2 e\f:3 ä:{x:4} :5 1:{2:6}}"#)
    }

    @Test func `texts have four forms`() throws {
        let text = #"""
            a = "x\t\"\\\u00E4\U0001F600 # no comment" # comment
            b = 'x\t"'
            c = """
            one
            two \
                 folded ""quoted"""""
            d = '''
            raw \n 'quoted'''''
            e = ""
            f = ''
            """#
        #expect(
            try show(text)
                == "{a:\"x\t\"\\ä😀 # no comment\" b:\"x\\t\"\" c:\"one\ntwo folded \"\"quoted\"\"\" "
                + "d:\"raw \\n 'quoted''\" e:\"\" f:\"\"}")
    }

    @Test(arguments: [
        ("0", "0"), ("+7", "7"), ("-17", "-17"), ("1_000", "1000"), ("0xfF_0", "4080"),
        ("0o17", "15"), ("0b1_0", "2"), ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"), ("1.5", "number with a fraction"),
        ("-1e10", "number with a fraction"), ("1_0.2_5E-3", "number with a fraction"),
        ("inf", "number with a fraction"), ("-nan", "number with a fraction"),
        ("true", "boolean"), ("false", "boolean"), ("1979-05-27", "date or time"),
        ("07:32:00", "date or time"), ("1979-05-27T07:32:00.5Z", "date or time"),
        ("1979-05-27 07:32:00-07:00", "date or time"),
    ])
    func `numbers and other values are told apart`(text: String, meaning: String) throws {
        #expect(try show("x = \(text)\ny = 1") == "{x:\(meaning) y:1}")
    }

    @Test func `lists may have many lines and comments, tables in braces one`() throws {
        #expect(
            try show("a = [ # ]\n 'x',\n [1, 2,], # y\n {b = 1, c.d = 2},\n]\ne = []\nf = {}")
                == "{a:[\"x\" [1 2] {b:1 c:{d:2}}] e:[] f:{}}")
    }

    @Test func `windows line ends and a byte order mark change nothing`() throws {
        #expect(
            try show("\u{feff}[a]\r\nb = 1 # c\r\nd = \"\"\"\r\nx\r\ny\"\"\"\r\n")
                == "{a:{b:1 d:\"x\ny\"}}")
    }

    @Test(arguments: [
        "a", "a =", "= 1", "a = 1 b = 2", "a = x", "a = 01", "a = 1__0", "a = _1", "a = 1_",
        "a = 0x", "a = +0x1", "a = 1.", "a = .5", "a = 1.e5", "a = 9223372036854775808",
        "a = \"x", "a = 'x", "a = \"x\ny\"", "a = \"\"\"x", "a = \"\\q\"", "a = \"\\u12\"",
        "a = \"\\ud800\"", "a = \"\\u0000\"", "a = \"\0\"", "a = 'x\u{1}'", "# \u{1}", "a = \u{7f}",
        "a = \"\"\"x\"\"\"\"\"\"", "[a", "[a]]", "[[a]", "[]", "[a.]", "[.a]", "[a] b = 1",
        "a = [1", "a = [1 2]", "a = [,]", "a = {b = 1", "a = {b = 1,}", "a = {b = 1\n}",
        "a = {,}", "a. = 1", "a..b = 1", "\"\"\"a\"\"\" = 1", "a\n= 1", "a = \n1", "TRUE = TRUE",
        "a = 1979-05-27T", "a = 25:00", "a = \"\\\n\"", "a = 1\rb = 2",
    ])
    func `what is not TOML is refused with its line`(text: String) {
        #expect(failure(text) != nil)
        #expect(failure("ok = 1\n\n" + text)?.line ?? 0 >= 3)
    }

    @Test(arguments: [
        "a = 1\na = 2", "[a]\n[a]", "a = 1\n[a]", "[a]\n[[a]]", "[[a]]\n[a]", "a = []\n[[a]]",
        "a.b = 1\na.b = 2", "a = 1\na.b = 2", "[a]\nb = 1\n[a.b]", "a = {b = 1}\na.c = 2",
        "a = {b = 1}\n[a.c]", "[a]\nb.c = 1\n[a.b]", "[a.b]\n[a]\nb.c = 1",
        "[a.b.c]\n[a]\nb.c.d = 1", "\"a\" = 1\na = 2",
        "a = {b = 1, b = 2}", "a = {b.c = 1}\n[a.b]", "a = [{b = 1}]\n[a.c]",
        "a = [{b = 1}]\n[[a]]", "[[a.b]]\n[a.b]", "a = {b = 1, b.c = 2}",
    ])
    func `what stands twice is refused`(text: String) {
        #expect(failure(text)?.text.contains("is there already, in line ") == true)
    }

    @Test(arguments: [
        "[a]\n[a.b]", "[a.b]\n[a]", "[a.b.c]\n[a.b]", "[a]\nb.c = 1\n[a.b.d]",
        "[[a]]\n[[a.b]]\n[[a.b]]",
        "[[a]]\n[a.b]\n[[a]]\n[a.b]", "a.b = 1\na.c = 2", "a = {b.c = 1, b.d = 2}",
        "[a.b.c]\n[a]\nb.d = 1",
    ])
    func `what only adds to a section is taken`(text: String) {
        #expect(failure(text) == nil)
    }

    @Test func `every key knows its line`() throws {
        let table = try TOMLParser.parse(
            "# x\n[a]\n\nb = \"\"\"\n\n\"\"\"\nc = [\n1,\n2,\n]\nd = 1\n[[e]]\n[[e]]\nf.g = 1")
        #expect(table["a"]?.line == 2)
        let a = try #require(table["a"]?.table)
        #expect(a.entries.map(\.node.line) == [4, 7, 11])
        #expect(a["c"]?.array?.map(\.line) == [8, 9])
        let entries = try #require(table["e"]?.array)
        #expect(entries.map(\.line) == [12, 13])
        #expect(entries[1].table?["f"]?.table?["g"]?.line == 14)
    }

    @Test func `brackets without end use no stack without end`() {
        for open in ["[", "{a="] {
            #expect(
                failure("a = " + String(repeating: open, count: 100_000))?.text
                    == "too many brackets")
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `it comes to an end on anything`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("[]{}\"'=.#\\ \n,ab01u-:T".unicodeScalars)
        for _ in 0..<200 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<60, using: &random) {
                text.unicodeScalars.append(alphabet.randomElement(using: &random)!)
            }
            let lineCount = text.utf8.count { $0 == UInt8(ascii: "\n") } + 1
            if let line = failure(text)?.line { #expect((1...lineCount).contains(line)) }
        }
    }
}
