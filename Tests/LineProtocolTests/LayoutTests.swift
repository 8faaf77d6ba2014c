import Testing

@testable import LineProtocol

/// Lines like the one before are read another way. Nobody may notice.
@Suite struct LayoutTests {
    @Test(arguments: [
        "m,t=a f=1.5,g=2i 1700000000123456789", "m f=1", "m f=1 5", "m,t=v f=\"x\"",
        "m f=1u,g=\"\" 5",
        " m\t,f=1", "m,a=1,b=é f=-0.0,g=-5i,h=7u,s=\"a b\"  7  ", "m a=1,a=2,b=3 4", "m f=1i",
        "m\\=x,t\\x=y f\\x=1", "m f=1\r", "m,t=v f=.5 1\r", "m f=t", "m f=1e5 1",
        "tank,t=v,u=é f=.5,g=-.5,h=5.,i=-0.0 1700000000\r", "tank a=1,s=\"a b\",c=-5i,d=70u",
    ])
    func `a line after its like is read as if it stood alone`(first: String) {
        let values =
            [
                "0", "-0", "1", "-1", "21.5", "1.", ".5", ".", "-", "", "12345.6", "123456.7",
                "1234567.8",
                "12345678", "123456789.0123", "21.299999999999997",
                "123456789012345678901234567890",
                "9007199254740993", "-9007199254740993.0", "1e5", "1.5e-3", "1.2.3", "5i", "-5i",
                "-5u",
                "5u", "5 ", "x", "9223372036854775807", "9223372036854775808",
                "-9223372036854775808",
                "999999999999999999", "1000000000000000000", "18446744073709551615",
                "00000000000000000005",
                "a\\ b", "a\\", "\\\"", "\"", "\"a\"", "a\"b", "a\nb", "a\rb", "\u{1}", "\u{7f}",
                "é", "a=b",
                "a,b", "t", "true", "nan", "12345678 5",
                // Eight bytes and more, which are looked at together.
                "00000000", "17000000", "170000009", "1700000099999999999", "abcdefgh", "abcdefghi",
                "abcdefgé", "abcdefghé", "abcdefg\u{1}", "abcdefgh\u{7f}", "abc\"defghij",
                "abcdefg=",
                "abcdefgh=x", "abcdefg\\ h", "abcdefgh\\", "!abcdef~", "........",
            ].map { Array($0.utf8) } + [
                [0xff], [0xc3], [0xe2, 0x82], Array(repeating: 0, count: 8),
            ]
        for (place, value) in product(valueRanges(first), values) {
            let bytes = Array(first.utf8)
            let changed = bytes[..<place.lowerBound] + value + bytes[place.upperBound...]
            for end in ["\n", "\r\n", "", " \n", "  5\n"] {
                let like = bytes + Array("\n".utf8)
                let next = changed + Array(end.utf8)
                expectSame(like + like + next)
                expectSame(
                    like + like + next + (end.hasSuffix("\n") ? like : []),
                    limit: bytes.count + 1)
                expectSame(like.repeated(linesUntilForm) + next)
            }
        }
    }

    @Test func `other keys, blanks and line numbers are noticed`() {
        let line = "m,t=v,u=Aa0_aA f=1.5,g=\"s\",h=-7i 1700000000123456789"
        let bytes = Array("\(line)\n".utf8).repeated(linesUntilForm)
        for index in line.utf8.indices {
            let offset = line.utf8.distance(from: line.startIndex, to: index)
            for byte in UInt8.min...UInt8.max {
                var changed = Array(line.utf8)
                changed[offset] = byte
                expectSame(bytes + changed + Array("\n\(line)\n".utf8))
            }
            var shorter = Array(line.utf8)
            shorter.remove(at: offset)
            expectSame(bytes + shorter + Array("\n\(line)\n".utf8))
            expectSame(bytes + shorter)
            expectSame(bytes + line.utf8.prefix(offset))
        }
        expectSame(Array(String(repeating: "m a=\"x\ny\",a=2\n", count: 4).utf8))
    }

    @Test func `random lines of few shapes are read alike`() {
        var random = SeededGenerator(seed: 0x5eed_0002)
        let shapes = [
            "m,t=# f=#,g=#i #\n", "m,t=# f=#,g=#i #\n", "m,t=# f=\"#\" #\n", "n f=#\n", "# #\n",
            "m,t=#,u=# f=#.#,g=-#.# #\n", "m,t=#,u=# f=#.#,g=-#.# #\r\n",
        ]
        for _ in 0..<300 {
            var payload: [UInt8] = []
            for _ in 0..<50 {
                let few = Int(random.next() % 3) + 1
                for byte in shapes[Int(random.next() % 64) % (few * 2 + 1)].utf8 {
                    if byte == UInt8(ascii: "#") {
                        let digits = random.next() >> (random.next() % 64)
                        payload += Array("\(digits)".utf8)
                    } else {
                        payload.append(byte)
                    }
                }
            }
            expectSame(payload)
        }
    }

    @Test(arguments: [1, 8, 30, 500], [8, 17])
    func `lines whose values change their lengths every so many lines are read alike`(
        every: UInt64, timestampDigits: Int
    ) {
        var random = SeededGenerator(seed: every)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        func digits(_ count: Int) -> String {
            String((0..<count).map { _ in "0123456789".randomElement(using: &random)! })
        }
        var payload: [UInt8] = []
        var lengths: [Int] = []
        var site = ""
        for _ in 0..<3000 {
            if lengths.isEmpty || below(Int(every)) == 0 {
                lengths = (0..<6).map { _ in below(8) }
                site = ["north", "Süd", "p0LE", "-+._:/"].randomElement(using: &random)!
            }
            let line = """
                tank,site=\(site),id=\(digits(lengths[0] + 1)) \
                a=\(digits(lengths[1])).\(digits(max(1, 7 - lengths[1]))),\
                b=-\(digits(lengths[2] + 1)),c=\(digits(lengths[3] + 1)).,\
                d=-\(digits(lengths[4] + 3))i,e=\(digits(lengths[5] + 1))u,\
                f="\(lengths[0] < 3 ? "ok" : "bad") \(lengths[1])" 17\(digits(timestampDigits))

                """
            payload += Array(line.utf8)
        }
        expectSame(payload)
        #expect((linesOfForm(payload) > 1000) == (every >= 30))
    }

    @Test func `a form is known after a few lines alike, if the line has one`() {
        let time = "1700000000123456789"
        let long = String(repeating: "x", count: 65)
        for (line, hasForm) in [
            ("tank,id=1 a=1.5 \(time)", true), ("tank,id=1 a=-12.34567,b=12345678i \(time)", true),
            ("tank,id=1 s=\"\(long.dropLast())\",a=1", true),
            ("tank,id=1 s=\"\(long)\",a=1", false),
            ("m a=1.5,b=2.500", false), ("m a=1.50,b=2.500", true), ("m a=1,b=2.500000", false),
            ("m a=12345,b=2.500", true), ("m a=123456789,b=2.500", false),
            ("tank,\(long)=1 a=1,b=\(String(repeating: "0", count: 2000))", false),
        ] {
            let payload = Array("\(line)\n".utf8).repeated(100)
            #expect((linesOfForm(payload) > 80) == hasForm, "\(line)")
        }
    }

    @Test(arguments: 1...17)
    func `numbers of any length with a point anywhere have a form up to 15 digits`(digits: Int) {
        var random = SeededGenerator(seed: UInt64(digits))
        for point in 0...digits + 1 {
            for (sign, suffix) in [("", ""), ("-", ""), ("", "u"), ("-", "i")] {
                if point <= digits && suffix != "" { continue }
                let payload = (0..<40).flatMap { _ in
                    var number = (0..<digits).map { _ in "0123456789".randomElement(using: &random)!
                    }
                    if point <= digits { number.insert(".", at: point) }
                    return Array(
                        "tank,id=1 a=\(sign)\(String(number))\(suffix),b=7 1700000000\n".utf8)
                }
                expectSame(payload)
                #expect((linesOfForm(payload) > 20) == (digits <= 15), "\(text(payload))")
            }
        }
    }

    @Test func `a form is worth it while it changes less than every eighth line`() {
        var steadiness = FormSteadiness(at: 100)
        #expect(steadiness.quietUntil > 100)
        var line = steadiness.quietUntil
        // Lines without a change pay for some in a row later, but not for very many.
        for _ in 0..<100 {
            let isWorthIt = steadiness.isWorthChanging(at: line)
            #expect(isWorthIt)
            line += 9
        }
        var changes = 0
        while steadiness.isWorthChanging(at: line) {
            line += 1
            changes += 1
        }
        #expect(changes < 20)
        // Then it is quiet for a while, and one change in vain is enough for another one.
        #expect(steadiness.quietUntil > line + 1000)
        line = steadiness.quietUntil
        let isWorthIt = [line, line + 7].map { steadiness.isWorthChanging(at: $0) }
        #expect(isWorthIt == [true, false])
        #expect(steadiness.quietUntil > line + 1000)
    }

    /// How many lines of a payload were predicted and read by the known form: it stayed as it was.
    private func linesOfForm(_ payload: [UInt8]) -> Int {
        var decoder = Decoder()
        var batch = DecodedBatch(lineCapacity: 1, lineBytesMax: Limits.lineBytesDefault)
        var count = 0
        payload.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let wasKnown = batch.layout.form.lineBytes > 0
                let lastChange = batch.layout.steadiness.lastChange
                offset = decoder.decode(bytes, from: offset, precision: .nanoseconds, into: &batch)
                let isPredicted = batch.line(0).layoutNumber != 0
                let stayed = batch.layout.steadiness.lastChange == lastChange
                if wasKnown && isPredicted && stayed { count += 1 }
            }
        }
        return count
    }

    /// So many lines alike, and the next one is compared with their form, byte by byte.
    private let linesUntilForm = 12

    /// Whatever stands behind the payload.
    private func expectSame(_ payload: [UInt8], limit: Int = 4096) {
        for end in [PayloadEnd.clean, .endOfFile, .broken] {
            let predicted = decodeWhole(payload, lineBytesMax: limit, end: end)
            let scanned = decodeWhole(
                payload, lineBytesMax: limit, end: end, predictsLayout: false)
            #expect(predicted == scanned, "\(text(payload)), \(end)")
        }
    }

    /// Where the values of a line stand, its timestamp included.
    private func valueRanges(_ line: String) -> [Range<Int>] {
        let bytes = Array(line.utf8)
        var ranges: [Range<Int>] = []
        var start = 0
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "="): start = index + 1
            case UInt8(ascii: ","), UInt8(ascii: " "):
                if start <= index { ranges.append(start..<index) }
                start = index + 1
            default: break
            }
        }
        ranges.append(start..<bytes.count)
        return ranges
    }

    private func product(
        _ places: [Range<Int>], _ values: [[UInt8]]
    ) -> [(Range<Int>, [UInt8])] {
        places.flatMap { place in values.map { (place, $0) } }
    }
}

extension [UInt8] {
    fileprivate func repeated(_ count: Int) -> [UInt8] {
        Array(repeatElement(self, count: count).joined())
    }
}
