import Postgres
import TestSupport
import Testing

@Suite struct JSONTests {
    static let texts: [String] = [
        "{}", "[]", "null", "true", "false", "0", "-0", "1.5e-3", #""""#, #""a""#,
        " [ 1 , 2 ] \n\t\r",
        #"{"a":{"b":[1,{"c":null}]},"a":2}"#, #"["\"\\\/\b\f\n\r\t"]"#, #""\u00e4\u20AC""#,
        #""\ud83d\ude00""#, #""größe 😀""#, "1e131071", "1e-16383", "[[[[[[]]]]]]", #"{"":0}"#,
        #"[{"a":[{"b":[{}]}]},[[],{}]]"#, "123456789012345678901234567890.5", "\u{20}1",
        // Refused from here on.
        "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
        "{a:1}", "{1:1}", "{,}", "[}", "{]", "tru", "truex", "nul", "True", "NaN", "Infinity", "-",
        "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e5", "0x1", "1_0", "'a'", "\"a", "\"\\\"",
        "\"\n\"", "\"\t\"", "\"\u{1F}\"", #""\x""#, #""\u12""#, #""\u12G4""#, #""\u0000""#,
        #""\ud83d""#, #""\ud83dx""#, #""\ud83d\u0041""#, #""\ude00""#, #""\ud83d\ud83d\ude00""#,
        #""\ude00\ud83d""#, "1 2", "{} {}", "[] x", "1e131072", "1e-16384", "1e2000000",
        "\u{FEFF}1",
        "\u{A0}1", "[1]]", "[\"a\":1]", "{\"a\":1}}", "\"\\", "\"\\u", "[\"\\ud83d\"]", "--1", "1-",
    ]

    @Test func `JSON is taken or refused as the server does`() throws {
        try compare(Self.texts)
    }

    @Test func `JSON that was changed at random is taken or refused as the server does`() throws {
        var generator = SeededGenerator(seed: randomSeed(for: "changed JSON"))
        let texts = (0..<2000).map { _ in
            var text = Array(Self.texts.randomElement(using: &generator)!.unicodeScalars)
            let alphabet = Array(#"{}[]",:\u0019dDeE+-. tfn"#.unicodeScalars)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0...text.count, using: &generator)
                if Bool.random(using: &generator) && place < text.count {
                    text.remove(at: place)
                } else {
                    text.insert(alphabet.randomElement(using: &generator)!, at: place)
                }
            }
            return String(String.UnicodeScalarView(text))
        }
        try compare(texts)
    }

    private func compare(_ texts: [String]) throws {
        var transport = try Transport(to: "jsonb")
        let stored = try transport.stored(texts) { rows, text throws(Misfit) in
            try rows.appendJSON(text)
        }
        for (text, (own, server)) in zip(texts, zip(stored, try transport.literals(texts))) {
            if server.count == 5 && server.hasPrefix("22") && !text.contains("22") {
                #expect(["notJSON", "nulCharacter", "outOfRange"].contains(own), "\(text)")
            } else {
                #expect(own == server, "\(text)")
            }
        }
    }

    @Test func `depth is bounded, and the server takes what the bound allows`() throws {
        func nested(_ depth: Int) -> String {
            let half = depth / 2
            return String(repeating: "[{\"a\":", count: half) + "1"
                + String(repeating: "}]", count: half)
        }
        var transport = try Transport(to: "jsonb")
        let depth = Limits.jsonDepthMax
        let stored = try transport.stored([nested(depth), nested(depth + 2)]) {
            rows, text throws(Misfit) in
            try rows.appendJSON(text)
        }
        #expect(stored[0].count > depth)
        #expect(stored[1] == "tooDeep")
    }
}
