import LineProtocol
import Testing

@Suite struct LimitTests {
    private func outcome(_ payload: String, _ lineBytesMax: Int) -> [String] {
        let bytes = Array(payload.utf8)
        let whole = decodeWhole(bytes, lineBytesMax: lineBytesMax)
        for size in [1, 3, 64] {
            let pieces = decodeInPieces(of: size, bytes, lineBytesMax: lineBytesMax)
            #expect(whole == pieces, "pieces of \(size)")
        }
        return whole.map { "\($0.line)\($0.error.map { "!\($0.category)" } ?? "")" }
    }

    @Test(arguments: ["", "\n", "\r", "\r\n"])
    func `the limit counts the line without its end`(end: String) {
        let rest = end.hasSuffix("\n") ? "n f=1" : ""
        let after = rest.isEmpty ? [] : ["2"]
        #expect(outcome("m f=123456" + end + rest, 10) == ["1"] + after)
        #expect(outcome("m f=1234567" + end + rest, 10) == ["1!line_too_long"] + after)
        #expect(outcome("m f=12345678" + end + rest, 10) == ["1!line_too_long"] + after)
        #expect(outcome("m f=123456789" + end + rest, 10) == ["1!line_too_long"] + after)
        #expect(outcome("bad6789012" + end + rest, 10) == ["1!field"] + after)
        #expect(outcome("bad67890123" + end + rest, 10) == ["1!line_too_long"] + after)
    }

    @Test func `a string that runs over the limit costs its first line`() {
        #expect(outcome("m f=\"a\nb\nc\"\nn f=1", 12) == ["1", "4"])
        #expect(
            outcome("m f=\"a\nb f=1\nc f=1\n\"\nn f=1", 12)
                == ["1!line_too_long", "2", "3", "4!field", "5"])
        #expect(outcome("m f=\"a\nb f=1\n", 14) == ["1!string", "2"])
    }

    @Test func `comments are of any length, blank lines are not`() {
        #expect(outcome("#" + String(repeating: "c", count: 500) + "\nm f=1", 10) == ["2"])
        #expect(outcome("  #" + String(repeating: "c", count: 70_000), 10) == [])
        let blanks = String(repeating: " ", count: 11)
        #expect(outcome(blanks + " \nm f=1", 10) == ["1!line_too_long", "2"])
        #expect(outcome(String(repeating: " ", count: 10) + "\nm f=1", 10) == ["2"])
        for end in ["", "\n", "\r", "\r\n"] {
            #expect(outcome(blanks + end, 10) == ["1!line_too_long"])
            #expect(outcome(blanks.dropLast() + end, 10) == [])
        }
    }

    @Test(arguments: [
        "t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE", "tRUE", "TrUE",
        "falsE", "1.5e3", "12u", "\"\\\"\"",
    ])
    func `no value behind a string with a line feed is cut by pieces or limits`(value: String) {
        let payload = Array("m s=\"a\nb\",f=\(value) 1\nn f=1".utf8)
        for limit in payload.count - 16...payload.count {
            let whole = decodeWhole(payload, lineBytesMax: limit)
            for size in 1...payload.count {
                #expect(decodeInPieces(of: size, payload, lineBytesMax: limit) == whole)
            }
        }
    }

    @Test func `an error beyond the limit is that of a line too long`() {
        #expect(outcome("m s=\"\n\"f", 6) == ["1!line_too_long", "2!field"])
        #expect(outcome("m s=\"\n\",u=false", 12)[0] == "1!line_too_long")
        #expect(outcome("m s=\"\n\",u=true,f=1\\", 17)[0] == "1!line_too_long")
    }

    @Test func `a line far longer than the stream's buffer is one error`() {
        let long = String(repeating: "x", count: 70_000)
        #expect(outcome("m f=1\n\(long)\nn f=1", 40) == ["1", "2!line_too_long", "3"])
        let raw = decodeWhole(Array(long.utf8), lineBytesMax: 40)[0].raw
        #expect(text(raw) == String(repeating: "x", count: 40))
    }

    @Test func `a batch that is full goes on where it stopped`() {
        let lines = (1...100).map { "m\\ \($0),t=a\\ b f=\($0)i,g=\"\\\"\"" }
        let payload = Array(lines.joined(separator: "\n").utf8)
        let roomy = decodeWhole(payload, lineCapacity: 1000)
        #expect(roomy.count == 100)
        for capacity in [1, 2, 3, 99, 100] {
            #expect(decodeWhole(payload, lineCapacity: capacity) == roomy)
            let tight = decodeWhole(payload, lineBytesMax: 40, lineCapacity: capacity)
            #expect(tight == roomy)
        }
    }

    @Test func `a line of nothing but items fits`() {
        let tags = (0..<400).map { ",\(unique($0))=v" }.joined()
        let fields = (0..<400).map { "\(unique($0))=1" }.joined(separator: ",")
        let line = "m\(tags) \(fields)"
        let readings = decodeWhole(
            Array(line.utf8), lineBytesMax: line.utf8.count, lineCapacity: 1)
        #expect(readings.count == 1)
        #expect(readings[0].tags.count == 400)
        #expect(readings[0].fields.count == 400)
    }

    @Test func `the longest line of the shortest items fits`() {
        let line = "m " + Array(repeating: "a=1", count: 2000).joined(separator: ",")
        let readings = decodeWhole(
            Array(line.utf8), lineBytesMax: line.utf8.count, lineCapacity: 1)
        #expect(readings[0].fields.map { text($0.key) } == ["a"])
    }

    @Test func `the announced memory is what is allocated`() {
        let batch = DecodedBatch(lineCapacity: 100, lineBytesMax: 65536)
        let announced = DecodedBatch.byteCount(lineCapacity: 100, lineBytesMax: 65536)
        #expect(announced >= batch.itemCapacity * MemoryLayout<Item>.stride + 65536)
        #expect(announced < 2_000_000)
    }

    private func unique(_ number: Int) -> String { String(number, radix: 36) + "k" }
}

/// Lines made to cost more than their length. The tests end in moments or, if one of these costs
/// its square, not at all.
@Suite struct CostTests {
    @Test func `thousands of keys are checked fast`() {
        let count = 20_000
        let tags = (0..<count).map { ",key\($0)=v" }.joined()
        let fields = (0..<count).map { "key\($0)=\($0)i" }.joined(separator: ",")
        let line = "m\(tags) \(fields),key7=1i,key19999=2i"
        let readings = decodeWhole(Array(line.utf8), lineBytesMax: 1 << 22)
        #expect(readings.count == 1)
        #expect(readings[0].tags.count == count)
        #expect(readings[0].fields.map { text($0.key) } == (0..<count).map { "key\($0)" })
        #expect(readings[0].fields[7].bits == 1)
        #expect(readings[0].fields[19_999].bits == 2)
        #expect(readings[0].fields[8].bits == 8)

        let twice = "m\(tags),key3141=v f=1"
        #expect(decodeWhole(Array(twice.utf8), lineBytesMax: 1 << 22)[0].error == .duplicateTag)
    }

    @Test func `the same key a thousand times is one field`() {
        let fields = (0..<10_000).map { "k\($0 % 10)=\($0)i" }.joined(separator: ",")
        let reading = decodeWhole(Array("m \(fields)".utf8))[0]
        #expect(reading.fields.map { text($0.key) } == (0..<10).map { "k\($0)" })
        #expect(reading.fields.map(\.bits) == (9990..<10_000).map(UInt64.init))
    }

    @Test(arguments: [
        "m f=\"open\n", "m f=\"\\\"\n", "m f=\"a\" \"\n", "m f=\"", "m f=\"a\",g=\"\n",
    ])
    func `many unterminated strings cost their length`(line: String) {
        let payload = Array(String(repeating: line, count: 20_000).utf8)
        let whole = decodeWhole(payload, lineCapacity: 4096)
        #expect(!whole.isEmpty)
        #expect(decodeInPieces(of: 4096, payload) == whole)
    }

    @Test func `a string of line feeds that comes byte by byte costs its length`() {
        let payload = Array(("m f=\"" + String(repeating: "\n", count: 100_000) + "\"").utf8)
        let readings = decodeInPieces(of: 1, payload)
        #expect(readings.count == 1)
        #expect(readings[0].fields[0].text.count == 100_000)
    }
}
