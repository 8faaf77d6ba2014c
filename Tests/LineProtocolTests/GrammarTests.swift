import LineProtocol
import Testing

/// Decodes a payload whole and in small pieces, which must agree, and writes the results down in
/// one line: points as `measurement,tag=value field=kind:text timestamp`, errors by category.
private func outcome(
    _ payload: String, _ precision: Precision = .nanoseconds, end: StreamEnd = .clean
) -> String {
    outcome(Array(payload.utf8), precision, end: end)
}

private func outcome(
    _ payload: [UInt8], _ precision: Precision = .nanoseconds, end: StreamEnd = .clean
) -> String {
    let readings = decodeInPieces(of: payload.count + 1, payload, precision: precision, end: end)
    if end == .clean { #expect(readings == decodeWhole(payload, precision: precision)) }
    for size in [1, 2, 3, 7] {
        let pieces = decodeInPieces(of: size, payload, precision: precision, end: end)
        #expect(readings == pieces, "pieces of \(size)")
    }
    return readings.map(summary).joined(separator: " | ")
}

private func summary(_ reading: Reading) -> String {
    if let error = reading.error { return "\(reading.line)!\(error.category)" }
    let tags = reading.tags.map { ",\(text($0.key))=\(text($0.text))" }.joined()
    let fields = reading.fields.map { "\(text($0.key))=\(value($0))" }.joined(separator: ",")
    let time = reading.timestamp.map { " \($0)" } ?? ""
    return "\(reading.line):\(text(reading.measurement))\(tags) \(fields)\(time)"
}

private func value(_ field: Reading.Pair) -> String {
    switch field.kind {
    case .tag, .string: "'\(text(field.text))'"
    case .float: "\(Double(bitPattern: field.bits))"
    case .int: "\(Int64(bitPattern: field.bits))i"
    case .uint: "\(field.bits)u"
    case .bool: "\(field.bits == 1)"
    }
}

@Suite struct GrammarTests {
    @Test(arguments: [
        ("m f=1", "1:m f=1.0"),
        ("m=n f=1", "1:m=n f=1.0"),
        (#"m\=n f=1"#, #"1:m\=n f=1.0"#),
        (#"a\,b\ c\d,t\=\,\ =v\=\,\  f\=\,\ =1i"#, #"1:a,b c\d,t=, =v=,  f=, =1i"#),
        (#"m\\,t=v f=1"#, #"1:m\,t=v f=1.0"#),
        (#"m,t=a\\ b f=1"#, #"1:m,t=a\ b f=1.0"#),
        (#"\#u{1}"#, "1!invalid_char"),
        (#"m\"#, "1!field"),
        (#"m,t=a\"#, "1!field"),
        (#"m,t\"#, "1!tag"),
        (#"m f\"#, "1!field"),
        ("m\\\tf=1", "1!invalid_char"),
        ("m,t=v\\\tf=1", "1!invalid_char"),
        ("\\,\\ f=1 f=2", "1:, f=1 f=2.0"),
        (",m f=1", "1!measurement"),
        ("!m f=1", "1:!m f=1.0"),
        ("\"m\" \"f\"=1", "1:\"m\" \"f\"=1.0"),
        ("m ,t=v f=1", "1!field"),
        ("m,t=v ,u=w f=1", "1!field"),
        ("m,t==v f=1", "1!tag"),
        ("m,t=v= f=1", "1!tag"),
        ("m,t=v,", "1!tag"),
        ("m,", "1!tag"),
        ("m, f=1", "1!tag"),
        ("m,t", "1!tag"),
        ("m,t=", "1!tag"),
        ("m\u{7f} f=1", "1!invalid_char"),
        ("m,t=\u{1} f=1", "1!invalid_char"),
        ("m,\u{1}=v f=1", "1!invalid_char"),
        ("m \u{b}f=1", "1!invalid_char"),
        ("m f=\u{1}", "1!invalid_char"),
        ("m f=1\u{0}", "1!invalid_char"),
        ("m f=\"\"\u{1}", "1!invalid_char"),
        ("m f=1 \u{c}", "1!invalid_char"),
        ("m\u{80}\u{2028},t=\u{85} f=1", "1:m\u{80}\u{2028},t=\u{85} f=1.0"),
    ])
    func `names end where the grammar says`(payload: String, expected: String) {
        #expect(outcome(payload) == expected)
    }

    @Test(arguments: [
        ("m,a=1,b=2,a=3 f=1", "1!duplicate_tag"),
        (#"m,a\b=1,a\b=2 f=1"#, "1!duplicate_tag"),
        ("m,é=1,e\u{301}=2 f=1", "1:m,é=1,e\u{301}=2 f=1.0"),
        ("m,a=1,b=1 a=1,b=2", "1:m,a=1,b=1 a=1.0,b=2.0"),
        ("m f=1,g=2,f=\"x\",h=3,g=t", "1:m f='x',g=true,h=3.0"),
        ("m f=1,f=2,f=3", "1:m f=3.0"),
        (#"m a\ b=1,a\ b=2"#, "1:m a b=2.0"),
    ])
    func `a tag key stands once, a field's last value wins`(payload: String, expected: String) {
        #expect(outcome(payload) == expected)
    }

    @Test(arguments: [
        ("a", #""a""#), ("", #""""#), ("a b,c=d", #""a b,c=d""#), ("#", ##""#""##),
        (#"a"b"#, #""a\"b""#), (#"a\b"#, #""a\b""#), (#"a\b"#, #""a\\b""#),
        (#"a\\b"#, #""a\\\b""#), (#"\"#, #""\\""#), (#"\""#, #""\\\"""#), (#"\n"#, #""\n""#),
        ("a\nb", "\"a\nb\""), ("a\r\nb", "\"a\r\nb\""), ("\r", "\"\r\""),
        ("\u{0}\t\u{1b}", "\"\u{0}\t\u{1b}\""),
        ("\\\n", "\"\\\n\""), ("😀é", "\"😀é\""), ("\n#\n", "\"\n#\n\""),
    ])
    func `a string keeps its bytes`(expected: String, literal: String) {
        #expect(outcome("m f=\(literal) 5") == "1:m f='\(expected)' 5")
        #expect(outcome("m f=\(literal)") == "1:m f='\(expected)'")
    }

    @Test(arguments: [
        ("m f=\"", "1!string"), ("m f=\"a", "1!string"), (#"m f="a\""#, "1!string"),
        (#"m f="a\"#, "1!string"), (#"m f="a"b"#, "1!string"), (#"m f="a"=1"#, "1!string"),
        (#"m f="a""b""#, "1!string"), (##"m f="a"#"##, "1!string"), (#"m f="a"1"#, "1!string"),
        ("m f=\"a\"\r1", "1!invalid_char"), (#"m f="a",g"#, "1!field"),
    ])
    func `a string ends at its quote`(payload: String, expected: String) {
        #expect(outcome(payload) == expected)
    }

    @Test(arguments: [
        ("t", "true"), ("T", "true"), ("true", "true"), ("True", "true"), ("TRUE", "true"),
        ("f", "false"), ("F", "false"), ("false", "false"), ("False", "false"),
        ("FALSE", "false"),
    ])
    func `ten words are booleans`(literal: String, expected: String) {
        #expect(outcome("m f=\(literal),g=1i") == "1:m f=\(expected),g=1i")
        #expect(outcome("m f=\(literal)") == "1:m f=\(expected)")
    }

    @Test(arguments: [
        "tr", "trues", "tRUE", "TRue", "TRUe", "fa", "fAlse", "FAlse", "falsee", "T1", "y", "-t",
        "nil", "=", "'a'", "a", "+1", "--1", "-", ".", "-.", ".e1", "e1", "1e", "1e+", "1e-",
        "1E+-1",
        "1.2.3", "1-", "1+1", "1i1", "1ii", "1I", "1U", "-1u", "-0u", "1.0i", "1.i", "1e1i", "1.u",
        ".i", "i", "u", "-i", "0x1", "0x1p3", "1_0", "1f", "1;", "nan", "NaN", "inf", "-inf",
        "infinity", "∞", "１", "1\\", "\\1", "[1]", "{}", "1e1.5", "1e1e1",
    ])
    func `anything else is no value`(literal: String) {
        #expect(outcome("m f=\(literal),g=1") == "1!value")
        #expect(outcome("m f=\(literal)") == "1!value")
        #expect(outcome("m f=\(literal) 5\nn f=1") == "1!value | 2:n f=1.0")
    }

    @Test(arguments: [
        "m f=", "m f= 1", "m f=,g=1", "m f=1,g=", "m f=1,", "m f=1,,g=2", "m f", "m =1", "m ",
    ])
    func `a field has a key and a value`(payload: String) {
        #expect(outcome(payload) == "1!field")
        #expect(outcome(payload + "\r\nn f=1") == "1!field | 2:n f=1.0")
    }
}

@Suite struct NumberTests {
    @Test(arguments: [
        ("0i", "0i"), ("-0i", "0i"), ("007i", "7i"),
        ("9223372036854775807i", "9223372036854775807i"),
        ("-9223372036854775808i", "-9223372036854775808i"),
        ("18446744073709551615u", "18446744073709551615u"),
        ("00000000000000000000000001i", "1i"),
        ("0000000000000000000018446744073709551615u", "18446744073709551615u"),
        ("0u", "0u"), ("10000000000000000000u", "10000000000000000000u"),
    ])
    func `integers are exact`(literal: String, expected: String) {
        #expect(outcome("m f=\(literal)") == "1:m f=\(expected)")
    }

    @Test(arguments: [
        "9223372036854775808i", "-9223372036854775809i", "18446744073709551616u",
        "99999999999999999999999i", "20000000000000000000i", "36893488147419103232u", "1e309",
        "-1e309",
        "1.8e308", "179769313486231580793e289", "1e99999999999999999999",
        "17976931348623159077293051907890247336179769789423065727343008115773267580550096313270847732240753602112011387987139335765878976881441662249284743063947412437776789342486548527630221960124609411945308295208500576883815068234246288147391311054082723716335051068458629823994724593847971630483535632962422413721600.0",
    ])
    func `numbers too large are out of range`(literal: String) {
        #expect(outcome("m f=\(literal)") == "1!range")
    }

    @Test func `a float is the nearest double, whatever its length`() {
        let long = String(repeating: "1", count: 400)
        let zeros = String(repeating: "0", count: 900)
        // Exactly between two doubles; a digit far behind decides.
        let between = "9007199254740993"
        for literal in [
            "0", "-0", "0.0", "-0.0", "1", "-1", "1.", ".5", "-.5", "1.e3", "1E3", "1e+3", "1e-3",
            "0.1", "12.3456", "21.299999999999997", "0.30000000000000004", "1e22", "1e23", "1e-22",
            "1e-23", "9007199254740991", "9007199254740992", between, "9007199254740993.5",
            "\(between).\(zeros)", "\(between).\(zeros)1", "\(between)\(zeros)e-900",
            "1.7976931348623157e308", "2.2250738585072014e-308", "2.2250738585072011e-308",
            "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324",
            "1e-400", "-1e-400", "0e999999999999", "0.\(zeros)1e901", "\(long)e-400", "0.\(long)",
            "123456789012345678", "1234567890123456789", "12345678901234567890",
            "0.1000000000000000055511151231257827", "8.5", "3.0517578125e-05", "6755399441055744.5",
            "1\(zeros)e-900", "00000000000000000000000000001.5", "1e-99999999999999999999",
            "9999999999999999999e27", "9999999999999999999e-27", "1e27", "1e28",
            "18014398509481985",
            "36028797018963969", "0.5e-323", "5e-324",
        ] {
            for sign in ["", "-"] where !literal.hasPrefix("-") || sign.isEmpty {
                let readings = decodeWhole(Array("m f=\(sign)\(literal)".utf8))
                let expected = Double(sign + literal)!
                #expect(
                    readings.first?.fields.first?.bits == expected.bitPattern, "\(sign)\(literal)")
                #expect(readings.first.map { text($0.fields[0].text) } == sign + literal)
            }
        }
    }

    @Test func `random floats are the nearest double`() {
        var random = SeededGenerator(seed: 0x5eed_0001)
        for _ in 0..<50_000 {
            let literal = randomFloat(&random)
            let readings = decodeWhole(Array("m f=\(literal)".utf8))
            #expect(readings.first?.fields.first?.bits == Double(literal)!.bitPattern, "\(literal)")
        }
    }

    /// Doubles as programs print them, and digits that no program would print.
    private func randomFloat(_ random: inout SeededGenerator) -> String {
        switch random.next() % 4 {
        case 0:
            let double = Double(bitPattern: random.next())
            return double.isFinite ? "\(double)" : "0"
        case 1: return "\(Double.random(in: -100...100, using: &random))"
        case 2:
            let power = Int(random.next() % 60) - 30
            return "\(random.next() >> (random.next() % 64))e\(power)"
        default: return "\(random.next() % 1000).\(random.next() >> (random.next() % 64))"
        }
    }

}

@Suite struct TimestampTests {
    @Test(arguments: [
        (Precision.nanoseconds, "5", 5), (.nanoseconds, "-5", -5), (.nanoseconds, "-0", 0),
        (.nanoseconds, "9223372036854775807", Int64.max),
        (.nanoseconds, "-9223372036854775808", Int64.min),
        (.nanoseconds, "00000000000000000000000000005", 5),
        (.nanoseconds, "12345678", 12_345_678),
        (.nanoseconds, "1234567812345678", 1_234_567_812_345_678),
        (.microseconds, "9223372036854775", 9_223_372_036_854_775_000),
        (.milliseconds, "-1", -1_000_000), (.seconds, "9223372036", 9_223_372_036_000_000_000),
        (.minutes, "153722867", 9_223_372_020_000_000_000),
        (.hours, "2562047", 9_223_369_200_000_000_000),
    ])
    func `timestamps become nanoseconds`(precision: Precision, literal: String, expected: Int64) {
        for blank in ["", " ", "\t \t", "\r", "\n", " \r\n"] {
            #expect(outcome("m f=1i \(literal)\(blank)", precision) == "1:m f=1i \(expected)")
        }
    }

    @Test(arguments: [
        (Precision.nanoseconds, "9223372036854775808"), (.nanoseconds, "-9223372036854775809"),
        (.nanoseconds, "99999999999999999999999999"), (.microseconds, "9223372036854776"),
        (.microseconds, "-9223372036854776"), (.seconds, "9223372037"), (.minutes, "153722868"),
        (.hours, "2562048"), (.hours, "-2562048"), (.hours, "9223372036854775807"),
    ])
    func `timestamps too large are out of range`(precision: Precision, literal: String) {
        #expect(outcome("m f=1i \(literal)", precision) == "1!range")
    }

    @Test(arguments: [
        "-", "--1", "+1", "1-", "5.", "5.0", "5i", "1e3", "0x1", "now", "5 6", "5 #", "\"5\"",
        "5,6",
        "1234567x", "12345678x", "123456781234567x", "99999999999999999999x", "f=1", "５",
    ])
    func `anything else is no timestamp`(literal: String) {
        #expect(outcome("m f=1i \(literal)") == "1!timestamp")
        #expect(outcome("m f=1i \(literal)\nn f=1i 1") == "1!timestamp | 2:n f=1i 1")
    }
}

@Suite struct LineTests {
    @Test(arguments: [
        ("", ""), ("\n", ""), ("\r\n", ""), ("\r", ""), (" \t", ""), ("\u{0}\u{0} \r\n\t", ""),
        ("#", ""), ("#\n#a\r\n \t# b\u{1}", ""), ("\n\n m f=1", "3:m f=1.0"),
        ("\u{0}#\nm f=1", "1!invalid_char | 2:m f=1.0"), ("\u{0} m f=1", "1!invalid_char"),
        ("\r\r\n", "1!invalid_char"), ("\rm f=1", "1!invalid_char"),
        ("m f=1\n\r\nm f=2\r", "1:m f=1.0 | 3:m f=2.0"),
        ("m f=1\\\nm f=2", "1!value | 2:m f=2.0"),
        ("m f=1 \r \nm f=2", "1!invalid_char | 2:m f=2.0"),
        ("m f=\"a\nb\nc\"\nm f=1\n", "1:m f='a\nb\nc' | 4:m f=1.0"),
        ("m f=\"a\nb\",g=x\nn f=1", "1!value | 2!field | 3:n f=1.0"),
        ("m f=\"a\nn f=1\n\no f=2", "1!string | 2:n f=1.0 | 4:o f=2.0"),
        ("m f=\"a\n# c\nn f=1", "1!string | 3:n f=1.0"),
        ("m f=\"\n", "1!string"), ("m f=\"\n\r", "1!string"),
    ])
    func `one bad line costs one line`(payload: String, expected: String) {
        #expect(outcome(payload) == expected)
    }

    @Test func `a byte order mark is stripped once, at the start of the payload`() {
        #expect(outcome("\u{feff}m f=1") == "1:m f=1.0")
        #expect(outcome("\u{feff}") == "")
        #expect(outcome("\u{feff}\u{feff}m f=1") == "1:\u{feff}m f=1.0")
        #expect(outcome("\n\u{feff}m f=1") == "2:\u{feff}m f=1.0")
        #expect(outcome([0xef, 0xbb]) == "1!invalid_utf8")
        let continued = decodeWhole(Array("\u{feff}m f=1".utf8), isContinuation: true)
        #expect(text(continued[0].measurement) == "\u{feff}m")
    }

    @Test(
        arguments: [
            [0x80], [0xc0, 0xaf], [0xc1, 0xbf], [0xc3], [0xe0, 0x80, 0x80], [0xe2, 0x82],
            [0xed, 0xa0, 0x80],
            [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80],
            [0xf0, 0x9f, 0x98],
            [0xff], [0xfe], [0xc3, 0x28], [0xf8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func `what is not UTF-8 is refused everywhere but in comments`(bad: [UInt8]) {
        let places = [
            ("m", ",t=v f=1"), ("m,t", "=v f=1"), ("m,t=a", " f=1"), ("m f", "=1"),
            ("m f=\"", "\""), ("m,t=\\ ", " f=1"), ("m f=\"\\\"", "\",g=1"),
        ]
        for (before, after) in places {
            let line = Array(before.utf8) + bad + Array(after.utf8)
            #expect(outcome(line + Array("\nn f=1".utf8)) == "1!invalid_utf8 | 2:n f=1.0")
        }
        #expect(outcome(Array("# ".utf8) + bad + Array("\nm f=1".utf8)) == "2:m f=1.0")
    }

    @Test(arguments: [
        ("m f=1", "1!truncated"), ("m f=1\n", "1:m f=1.0"), ("m f=1\r", "1!truncated"),
        ("m f=1\nn f=", "1:m f=1.0 | 2!truncated"), ("bad", "1!truncated"), ("", ""), ("# c", ""),
        (" \u{0}", ""), ("m f=\"a\nb f=1\n", "1!truncated | 2:b f=1.0"),
        ("m f=\"a\nb f=1", "1!truncated | 2!truncated"),
        ("m f=\"a\nb\"\n", "1:m f='a\nb'"), ("m f=\"a\nb\"", "1!truncated | 2!truncated"),
        ("bad\n", "1!field"),
    ])
    func `a stream that broke off truncates its last line`(payload: String, expected: String) {
        #expect(outcome(payload, end: .abort) == expected)
    }

    @Test func `raw is the line as it came`() {
        let payload = Array(" m f=1 \r\n\tn f=\"a\nb\" 5\nbad line\r\nm f=\"open\n# c\nlast".utf8)
        let raws = decodeWhole(payload).map { text($0.raw) }
        #expect(raws == [" m f=1 ", "\tn f=\"a\nb\" 5", "bad line", "m f=\"open", "last"])
    }
}
