import Postgres
import TestSupport
import Testing

@Suite struct NumericTests {
    /// Literals that are hard for one reason or another, and fit everywhere they should.
    static let edges: [String] = [
        "0", "-0", "+0", "0.0", "0.000", "00", "000.000", ".5", "5.", "+5", "-5", "1", "9", "10",
        "9999", "10000", "10001", "99999999", "100000000", "0.1", "0.01", "0.001", "0.0001",
        "0.00001", "0.00010001", "1.0000", "1.00000", "12.3456", "12.34567", "-12.3456",
        "000123.4500",
        "1e0", "1e1", "1e3", "1E3", "1e+3", "1e-3", "1.5e3", "1.5e-3", "1.50e1", "15e-1", "0e5",
        "0.00e5", "0e-5", "-1.23e-10", "1e100", "1e-100",
        "123456789012345678901234567890.123456789",
        String(repeating: "9", count: 40), "0." + String(repeating: "9", count: 40),
        String(repeating: "1234567890", count: 100),
        "-." + String(repeating: "1234567890", count: 100),
        "1" + String(repeating: "0", count: 1000), "1e131071", "1e-16383",
        "0." + String(repeating: "0", count: 16382) + "1", "1e131072", "1e-16384", "0e-16384",
        "0e2000000", "1e2000000", "1e-2000000", "1e1073741823", "0e1073741823",
        "1e99999999999999999999", "", ".", "-", "+", "e5", "1e", "1e+", "1e-", "1.2.3", "--1",
        "1 2",
        "1,5", "abc", "0x10", "1_000", "5e5.5", "1ee5", "1e5e5",
    ]
}

/// The same value, or a refusal on both sides.
func expectSame(_ text: String, _ own: String, _ server: String) {
    switch server {
    case "22003" where !text.contains("q"):
        #expect(own == "outOfRange", "\(text.prefix(80))")
    case "22P02", "22003":
        #expect(["notANumber", "notAnInteger", "outOfRange"].contains(own), "\(text.prefix(80))")
    default: #expect(own == server, "\(text.prefix(80))")
    }
}

extension NumericTests {
    /// A shape and the type as SQL writes it; nil for the unconstrained type.
    static let shapes: [NumericShape?] = [
        nil, NumericShape(precision: 10, scale: 4), NumericShape(precision: 5, scale: 2),
        NumericShape(precision: 4, scale: 0), NumericShape(precision: 3, scale: -2),
        NumericShape(precision: 2, scale: 5), NumericShape(precision: 1, scale: 1),
        NumericShape(precision: 1000, scale: 1000), NumericShape(precision: 38, scale: 10),
    ]

    static func type(_ shape: NumericShape?) -> String { ColumnType.numeric(shape).description }

    /// Encodes the texts for the shape and compares each with the server's literal.
    func compare(_ texts: [String], _ shape: NumericShape?) throws {
        var transport = try Transport(to: Self.type(shape))
        let stored = try transport.stored(texts) { rows, text throws(Misfit) in
            try rows.appendNumeric(text, shape: shape)
        }
        let literals = try transport.literals(texts)
        for (text, (own, server)) in zip(texts, zip(stored, literals)) {
            expectSame(text, own, server)
        }
    }

    @Test(arguments: shapes)
    func `a shape rounds and refuses as the server does`(_ shape: NumericShape?) throws {
        let roundings = [
            "999999.9999", "999999.99994", "999999.99995", "-999999.99995", "1000000", "0.00005",
            "0.00004999999", "-0.00005", "999.994", "999.995", "999.9949999999", "9999.4", "9999.5",
            "49", "50", "149", "150", "99949", "99950", "99900", "100000", "0.000994", "0.000995",
            "0.00099", "0.0099", "0.000005", "0.0000049", "0.94", "0.95", "0.04", "0.05", "1",
            "0." + String(repeating: "9", count: 1000), "0." + String(repeating: "9", count: 1001),
            "0." + String(repeating: "0", count: 999) + "5",
            "0." + String(repeating: "0", count: 1000) + "5",
            "1234567890123456789012345678.0123456789", "9999999999999999999999999999.99999999995",
            "1e-20000", "1.5e-20000", "0." + String(repeating: "4", count: 17_000), "1e5", "1e4",
            "1e3",
        ]
        try compare(Self.edges + roundings, shape)
    }

    @Test func `NaN and infinities are refused, in every spelling`() {
        for text in ["NaN", "nan", "-NaN", "Inf", "-inf", "Infinity", "+infinity", "-Infinity"] {
            let bytes = bytes(text)
            #expect(throws: Misfit.notFinite, "\(text)") {
                var rows = CopyRows(byteLimit: 100, rowLimit: 1)
                try rows.appendNumeric(bytes.span, shape: nil)
            }
        }
    }

    @Test(arguments: shapes)
    func `random decimals are stored as the server's literals`(_ shape: NumericShape?) throws {
        let seed = randomSeed(for: "random decimals for \(Self.type(shape))")
        var generator = SeededGenerator(seed: seed)
        let texts = (0..<400).map { _ in Self.randomDecimal(&generator) }
        try compare(texts, shape)
    }

    /// Mostly decimals of all sizes, with many nines, zeros and fives; at times something else.
    static func randomDecimal(_ generator: inout SeededGenerator) -> String {
        func digits(_ most: Int) -> String {
            let count = Int.random(in: 0...most, using: &generator)
            let alphabet = ["0123456789", "09", "99999999945", "0000001"].randomElement(
                using: &generator)!
            return String((0..<count).map { _ in alphabet.randomElement(using: &generator)! })
        }
        let most = [3, 6, 20, 60].randomElement(using: &generator)!
        var text = ["", "", "-", "+"].randomElement(using: &generator)! + digits(most)
        if Bool.random(using: &generator) { text += "." + digits(most) }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            let range = [3, 12, 300, 20_000].randomElement(using: &generator)!
            text += "e\(Int.random(in: -range...range, using: &generator))"
        }
        if Int.random(in: 0..<50, using: &generator) == 0 {
            text.insert("q", at: text.indices.randomElement(using: &generator) ?? text.startIndex)
        }
        return text
    }
}
