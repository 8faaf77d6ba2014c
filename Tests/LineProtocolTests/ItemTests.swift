import LineProtocol
import Testing

/// What an item is made of, and the number that a tag may be.
@Suite struct ItemTests {
    /// Decodes a line, and gives its first item away.
    private func withFirstItem<Result>(
        of text: String, _ body: (Item, DecodedLine) -> Result
    ) -> Result {
        var batch = DecodedBatch(lineCapacity: 10, lineBytesMax: 1_000)
        var decoder = Decoder(lineBytesMax: 1_000)
        return Array(text.utf8).withUnsafeBytes { bytes in
            let end = decoder.decode(bytes, precision: .seconds, into: &batch)
            #expect(end == bytes.count && batch.line(0).error == nil)
            let line = batch.line(0)
            return body(batch.items(of: line)[0], line)
        }
    }

    @Test(arguments: [
        ("1", 1), ("12345678", 12_345_678), ("00000000", 0), ("007", 7), ("99999999", 99_999_999),
        // Not with one look.
        ("123456789", nil), ("-1", nil), ("1a", nil), ("a1", nil), ("1.0", nil), ("é", nil),
        ("12\\,34", nil), ("/", nil), (":", nil), ("1234567:", nil),
    ])
    func `a tag of few digits is a number`(tag: String, number: Int64?) {
        let found = withFirstItem(of: "m,t=\(tag) f=1.25 1700000000") { item, line in
            item.shortNumber(in: line.raw)
        }
        #expect(found == number)
    }

    @Test func `what would be read behind the line is not looked at`() {
        for (line, number) in [
            ("m,t=1 f=1", nil), ("m,t=1 f=123", nil), ("m,t=1 f=1234", 1),
        ] as [(String, Int64?)] {
            #expect(withFirstItem(of: line) { $0.shortNumber(in: $1.raw) } == number)
        }
    }

    @Test func `key, text and kind are kept at every length`() {
        for count in [1, 7, 8, 100, 400] {
            let key = String(repeating: "k", count: count)
            let text = String(repeating: "v", count: 401 - count)
            withFirstItem(of: "m,\(key)=\(text) f=1") { item, _ in
                #expect(item.key.count == count && item.text.count == 401 - count)
                #expect(item.kind == .tag && item.bits == 0)
                #expect(item.key.buffer.allSatisfy { $0 == UInt8(ascii: "k") })
                #expect(item.text.buffer.allSatisfy { $0 == UInt8(ascii: "v") })
            }
        }
        for (value, kind) in [
            ("1.5", .float), ("2i", .int), ("3u", .uint), ("t", .bool), ("\"s\"", .string),
        ] as [(String, ItemKind)] {
            withFirstItem(of: "m f=\(value)") { item, _ in #expect(item.kind == kind) }
        }
    }
}
