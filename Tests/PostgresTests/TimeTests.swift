import Postgres
import Testing

@Suite struct TimeTests {
    /// Written so that the server's literal means the same in UTC.
    static let times: [String] = [
        "2000-01-01", "1999-12-31", "1970-01-01T00:00:00Z", "2024-02-29T12:34:56Z",
        "2024-02-29 12:34:56", "2024-02-29t12:34:56z", "2024-02-29T12:34", "2024-02-29T12:34Z",
        "2024-02-29T12:34:56.1Z", "2024-02-29T12:34:56.123456Z", "2024-02-29T12:34:56.1234564Z",
        "2024-02-29T12:34:56.1234565Z", "2024-02-29T12:34:56.1234575Z",
        "2024-02-29T12:34:56.12345651Z",
        "2024-02-29T12:34:56.123456789Z", "2024-02-29T23:59:59.9999999Z",
        "0001-01-01T00:00:00Z", "0001-01-01", "0004-02-29", "1900-02-28T23:59:59Z",
        "2000-02-29", "2100-03-01", "1582-10-10", "1815-06-18T11:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "10000-01-01T00:00:00Z", "294276-12-31T23:59:59.999999Z", "294277-01-01T00:00:00Z",
        "300000-01-01", "5874897-12-31", "2024-01-01T24:00:00Z", "2024-01-01T24:00:01Z",
        "2024-01-01T23:59:60Z", "2024-01-01T23:59:60.5Z", "2024-01-01T12:00:60.5Z",
        "2024-01-01T25:00:00Z", "2024-01-01T12:60:00Z", "2024-01-01T12:00:61Z", "infinity",
        "-infinity", "Infinity", "-INFINITY", "2023-02-29", "1900-02-29", "2024-04-31",
        "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32", "0000-01-01", "",
    ]

    @Test func `instants are stored or refused as the server does`() throws {
        for type in ["timestamptz", "timestamp"] {
            try compare(type, Self.times)
        }
    }

    @Test func `a zone moves the instant`() throws {
        try compare(
            "timestamptz",
            [
                "2024-02-29T12:34:56+02:00", "2024-02-29T12:34:56-02:00", "2024-02-29T12:34:56+02",
                "2024-02-29T12:34:56+0230", "2024-02-29 12:34:56.5-09:30", "2024-01-01T00:00+14:00",
                "2024-02-29T12:34:56+01:02:03", "2024-02-29T12:34:56-15:59:59",
                "2024-01-01T00:00:00-00:00",
                "2024-02-29T12:34:56+16:00", "2024-02-29T12:34:56+02:60",
                "294276-12-31T23:59:59-01:00",
                "294277-01-01T00:30:00+01:00", "294277-01-02T00:30:00+15:00",
                "0001-01-01T00:00:00+01:00",
            ])
    }

    @Test func `a zone also counts for a column without one`() throws {
        let text = bytes("2024-02-29T12:00:00+02:00")
        let utc = bytes("2024-02-29T10:00:00")
        #expect(try Microseconds.read(text.span).instant == Microseconds.read(utc.span).instant)
    }

    @Test func `a comma before the fraction and a plus before infinity are taken`() throws {
        let text = bytes("2000-01-01T00:00:01,5Z")
        #expect(try Microseconds.read(text.span).instant.sinceEpoch == 1_500_000)
        let infinity = bytes("+infinity")
        #expect(try Microseconds.read(infinity.span).instant == .infinity)
    }

    private func compare(_ type: String, _ texts: [String]) throws {
        var transport = try Transport(to: type)
        let stored = try transport.stored(texts) { rows, text throws(Misfit) in
            rows.append(try Microseconds.read(text).instant)
        }
        for (text, (own, server)) in zip(texts, zip(stored, try transport.literals(texts))) {
            Self.expectSame(text, own, server)
        }
    }

    /// The server's reasons are finer in some places and coarser in others; that it refuses counts.
    private static func expectSame(_ text: String, _ own: String, _ server: String) {
        if ["22007", "22008", "22009"].contains(server) {
            #expect(["notATime", "notADate", "outOfRange"].contains(own), "\(text)")
        } else {
            #expect(own == server, "\(text)")
        }
    }

    @Test func `days are stored or refused as the server does`() throws {
        let texts = [
            "2000-01-01", "1999-12-31", "1970-01-01", "0001-01-01", "0004-02-29", "1900-02-28",
            "2024-02-29", "2023-02-29", "9999-12-31", "294277-01-01", "5874897-12-31",
            "5874898-01-01",
            "9999999-01-01", "infinity", "-infinity", "2024-13-01", "0000-12-31", "", "2024-01-00",
        ]
        var transport = try Transport(to: "date")
        let stored = try transport.stored(texts) { rows, text throws(Misfit) in
            rows.append(try Days(text))
        }
        for (text, (own, server)) in zip(texts, zip(stored, try transport.literals(texts))) {
            Self.expectSame(text, own, server)
        }
    }

    @Test(arguments: [
        "2024-1-1", "24-01-01", "20240101", "2024-01-01T", "2024-01-01T1:00", "2024-01-01T10",
        "2024-01-01T10:00:00.", "2024-01-01T10:00:00ZZ", "2024-01-01T10:00:00+", "2024-01-01X10:00",
        "2024-01-01T10:00:00+1", "2024-01-01T10:00:00 BC", "now", "tomorrow", "epoch",
        "-2024-01-01",
        "1709210096", "2024-01-01T10:00:00+02:", "2024-01-01 ", " 2024-01-01", "2024-01-01T10:0",
        "2024-01-01T10:00:0", "2024-01-01T10:00:00+02:00:0", "inf", "infinityx", "-", "+",
    ])
    func `what is ambiguous or odd is no time`(_ text: String) {
        let bytes = bytes(text)
        #expect(throws: Misfit.notATime) { try Microseconds.read(bytes.span) }
    }

    @Test func `nanoseconds are rounded down, before 1970 too, and the cut is told`() {
        for (nanoseconds, microseconds, isCut) in [
            (0, -946_684_800_000_000, false), (1, -946_684_800_000_000, true),
            (999, -946_684_800_000_000, true), (1000, -946_684_799_999_999, false),
            (-1, -946_684_800_000_001, true), (-1000, -946_684_800_000_001, false),
            (-1001, -946_684_800_000_002, true), (.max, 8_276_687_236_854_775, true),
            (.min, -10_170_056_836_854_776, true),
        ] as [(Int64, Int64, Bool)] {
            let (instant, cut) = Microseconds.fromUnix(nanoseconds: nanoseconds)
            #expect(instant.sinceEpoch == microseconds && cut == isCut, "\(nanoseconds)")
        }
    }

    @Test func `nanoseconds become the UTC day that they lie in`() {
        for (nanoseconds, day) in [
            (0, -10957), (-1, -10958), (946_684_800_000_000_000, 0), (946_684_799_999_999_999, -1),
            (.max, 95794), (.min, -117_709),
        ] as [(Int64, Int32)] {
            #expect(Days.fromUnix(nanoseconds: nanoseconds).day.sinceEpoch == day, "\(nanoseconds)")
        }
    }

    @Test func `a fraction beyond microseconds is told`() throws {
        for (text, isCut) in [
            ("2024-01-01T00:00:00.123456Z", false), ("2024-01-01T00:00:00.1234560Z", false),
            ("2024-01-01T00:00:00.1234561Z", true), ("2024-01-01T00:00:00.12345600001Z", true),
        ] {
            let bytes = bytes(text)
            #expect(try Microseconds.read(bytes.span).isCut == isCut)
        }
    }
}
