import Testing

@testable import Ingest

@Suite struct TOMLLocatorTests {
    private func line(_ text: String, _ path: TOMLStep...) -> Int? {
        TOMLLocator(text).line(of: path)
    }

    @Test func `keys stand below their header`() {
        let text = "# first\n[ring]\nsize = 1\n\n[batch]  # here\n  rows = 2 # 3\n"
        #expect(line(text, .key("ring")) == 2)
        #expect(line(text, .key("ring"), .key("size")) == 3)
        #expect(line(text, .key("batch"), .key("rows")) == 6)
        #expect(line(text, .key("log")) == nil)
    }

    @Test func `tables of an array are counted`() {
        let text = "[[udp]]\nname = 1\n[[table]]\n[[udp]]\n\nname = 2"
        #expect(line(text, .key("udp"), .index(0), .key("name")) == 2)
        #expect(line(text, .key("udp"), .index(1), .key("name")) == 6)
        #expect(line(text, .key("udp"), .index(1)) == 4)
        #expect(line(text, .key("table"), .index(0)) == 3)
    }

    @Test func `a table below an array belongs to its latest entry`() {
        let text = "[[udp]]\n[[udp]]\n[udp.more]\nx = 1"
        #expect(line(text, .key("udp"), .index(1), .key("more"), .key("x")) == 4)
    }

    @Test func `quoted and dotted keys are understood`() {
        let text = "ring.size = 1\n\"ba\\u0074ch\" . 'ro.ws' = 2\n[ \"a.b\" . c ]\nd = 1"
        #expect(line(text, .key("ring"), .key("size")) == 1)
        #expect(line(text, .key("ring")) == 1)
        #expect(line(text, .key("batch"), .key("ro.ws")) == 2)
        #expect(line(text, .key("a.b"), .key("c"), .key("d")) == 4)
    }

    @Test func `texts of several lines hide what looks like keys`() {
        let text = #"""
            [ring]
            a = """
            b = 1
            [batch]
            "quoted" \""" # still text
            """""
            c = '''
            [log] '' '''
            d = 4
            """#
        // What is not there is looked for on its section's line.
        #expect(line(text, .key("ring"), .key("b")) == 1)
        #expect(line(text, .key("batch")) == nil)
        #expect(line(text, .key("log")) == nil)
        #expect(line(text, .key("ring"), .key("c")) == 7)
        #expect(line(text, .key("ring"), .key("d")) == 9)
    }

    @Test func `brackets, comments and hashes in values do not confuse it`() {
        let text = """
            a = [ # ] not the end
              "]", '#',
              { x = "}" },
            ]
            b = "# no comment \\" [" # comment "
            c = 1
            """
        #expect(line(text, .key("b")) == 5)
        #expect(line(text, .key("c")) == 6)
    }

    @Test func `what is inside of an inline table stands on its line`() {
        let text = "[x]\nudp = [\n  { listen = 1 },\n]\nafter = 1"
        #expect(line(text, .key("x"), .key("udp"), .index(0), .key("listen")) == 2)
        #expect(line(text, .key("x"), .key("after")) == 5)
    }

    @Test func `windows line ends and a byte order mark change nothing`() {
        let text = "\u{feff}[ring]\r\nsize = 1\r\n[batch]\r\nrows = 1\r\n"
        #expect(line(text, .key("ring"), .key("size")) == 2)
        #expect(line(text, .key("batch"), .key("rows")) == 4)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `it comes to an end on anything`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let alphabet = Array("[]{}\"'=.#\\ \nabu0".unicodeScalars)
        for _ in 0..<200 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<60, using: &random) {
                text.unicodeScalars.append(alphabet.randomElement(using: &random)!)
            }
            #expect(TOMLLocator(text).line(of: [.key("no such key")]) == nil)
        }
    }
}

/// The same numbers for the same seed, so that a failure can be had again.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
