import Postgres
import TestSupport
import Testing

@Suite struct NumberTests {
    static let integers: [String] = [
        "0", "-0", "+0", "00", "1", "-1", "+7", "007", "32767", "32768", "-32768", "-32769",
        "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "99999999999999999999", "-99999999999999999999", "000000000000000000000000000005",
        "", "-", "+", "x", "1x", "1 ", " 1", "--1", "1_0", "0x1",
    ]

    @Test func `integers of every width are stored or refused as the server does`() throws {
        try compare("smallint") { rows, text throws(Misfit) in
            rows.append(try Int16(decimal: text))
        }
        try compare("integer") { rows, text throws(Misfit) in
            rows.append(try Int32(decimal: text))
        }
        try compare("bigint") { rows, text throws(Misfit) in
            rows.append(try Int64(decimal: text))
        }
    }

    private func compare(
        _ type: String, _ append: (inout CopyRows, Span<UInt8>) throws(Misfit) -> Void
    ) throws {
        // Blanks around a number are the server's own lenience.
        let texts = Self.integers.filter { !$0.contains(" ") }
        var transport = try Transport(to: type)
        let stored = try transport.stored(texts, append)
        let literals = try transport.literals(texts)
        for (text, (own, server)) in zip(texts, zip(stored, literals)) {
            expectSame(text, own, server)
        }
    }

    @Test(
        arguments: [
            ("5.0", 5), ("5.", 5), ("-5.000", -5), ("1e3", 1000), ("1.5e1", 15), ("150e-1", 15),
            ("0e999", 0), ("0.000e-999", 0), ("9223372036854775807.0", Int64.max),
            ("-9223372036854775808.00", Int64.min), ("922337203685477580.7e1", Int64.max),
            ("1e18", 1_000_000_000_000_000_000), ("-0.0", 0),
        ] as [(String, Int64)])
    func `a decimal that is whole is an integer`(_ text: String, _ value: Int64) throws {
        let bytes = bytes(text)
        #expect(try Int64(decimal: bytes.span) == value)
    }

    @Test(
        arguments: [
            ("5.5", .notAnInteger), ("1e-1", .notAnInteger), ("0.0001", .notAnInteger),
            ("1e19", .outOfRange), ("9223372036854775808.0", .outOfRange),
            ("1e1000000", .outOfRange),
            ("-9223372036854775809.0", .outOfRange), ("nan", .notFinite), ("1e", .notANumber),
            ("", .notANumber), ("1e1073741823", .outOfRange), (" 1", .notANumber),
        ] as [(String, Misfit)])
    func `what is no integer has its reason`(_ text: String, _ misfit: Misfit) {
        let bytes = bytes(text)
        #expect(throws: misfit) { try Int64(decimal: bytes.span) }
    }

    static let decimals: [String] = [
        "0", "-0", "0.0", "-0e5", "1", "-1", "0.1", "0.2", "0.3", "3.14159", "1e22", "1e23",
        "1e-22",
        "1e-23", "9007199254740992", "9007199254740993", "9007199254740991e22",
        "123456789012345678",
        "16777216", "16777217", "16777219", "1.17549435e-38", "1.1754943e-38", "1e-45", "7e-46",
        "8e-46",
        "1.4e-45", "3.4028235e38", "3.4028235677973366e38", "3.4028236e38", "3.5e38", "1e39",
        "2.2250738585072014e-308", "2.2250738585072011e-308", "4.9e-324", "2.4703282292062327e-324",
        "2.4703282292062328e-324", "2e-324", "1e-400", "-1e-400", "0e-400",
        "1.7976931348623157e308",
        "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "-1e309", "1e400",
        "1e999999999",
        "1.00000017881393421514957253748434595763683319091796875001",
        "1.00000017881393432617187499", "1.000000178813934326171875",
        "1.00000017881393432617187501",
        "0." + String(repeating: "0", count: 400) + "1e401",
        String(repeating: "1", count: 300) + "e-300",
        "1" + String(repeating: "0", count: 400) + "e-400", "", ".", "x", "1e", "1.2.3", "e1",
        // A half between two Doubles, decided by a digit far behind.
        "1.00000000000000011102230246251565404236316680908203125"
            + String(repeating: "0", count: 900),
        "1.00000000000000011102230246251565404236316680908203125"
            + String(repeating: "0", count: 900) + "1",
    ]

    @Test func `doubles and reals are rounded and refused as the server does`() throws {
        try compareDecimals(Self.decimals)
    }

    @Test func `random doubles and reals are rounded as the server does`() throws {
        var generator = SeededGenerator(seed: randomSeed(for: "random doubles"))
        let texts = (0..<1000).map { index in
            switch index % 3 {
            case 0: NumericTests.randomDecimal(&generator)
            case 1: "\(Double(bitPattern: generator.next()))"
            default: "\(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())))"
            }
        }
        try compareDecimals(texts.filter { !$0.contains("n") })
    }

    private func compareDecimals(_ texts: [String]) throws {
        var transport = try Transport(to: "double precision")
        let doubles = try transport.stored(texts) { rows, text throws(Misfit) in
            rows.append(try Double(decimal: text))
        }
        for (text, (own, server)) in zip(texts, zip(doubles, try transport.literals(texts))) {
            expectSame(text, own, server)
        }
        transport = try Transport(to: "real")
        let reals = try transport.stored(texts) { rows, text throws(Misfit) in
            rows.append(try Float(decimal: text))
        }
        for (text, (own, server)) in zip(texts, zip(reals, try transport.literals(texts))) {
            expectSame(text, own, server)
        }
    }
}
