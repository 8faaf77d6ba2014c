import Postgres
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

    @Test func `numeric keeps every digit that the server's own literal keeps`() throws {
        var transport = try Transport(to: "numeric")
        let stored = try transport.stored(Self.edges) { rows, text throws(Misfit) in
            try rows.appendNumeric(text, shape: nil)
        }
        let literals = try transport.literals(Self.edges)
        for (text, (own, server)) in zip(Self.edges, zip(stored, literals)) {
            expectSame(text, own, server)
        }
    }
}

/// The same value, or a refusal on both sides.
func expectSame(_ text: String, _ own: String, _ server: String) {
    switch server {
    case "22003": #expect(own == "outOfRange", "\(text.prefix(80))")
    case "22P02":
        #expect(["notANumber", "notAnInteger", "outOfRange"].contains(own), "\(text.prefix(80))")
    default: #expect(own == server, "\(text.prefix(80))")
    }
}
