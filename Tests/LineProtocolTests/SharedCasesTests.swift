import Foundation
import LineProtocol
import Testing

/// The reference cases lie beside the project where it is developed; they are not a part of it.
private let casesFile = URL(filePath: #filePath)
    .appending(path: "../../../../shared/lineprotocol/cases.jsonl").standardizedFileURL

private let isThere = FileManager.default.fileExists(atPath: casesFile.path)

@Suite(.enabled(if: isThere, "there is no ../shared/lineprotocol/cases.jsonl"))
struct SharedCasesTests {
    @Test func `all reference cases hold, whole`() throws {
        try check { $0.options?.eof == nil ? [decodeWhole($0)] : [] }
    }

    @Test(arguments: [1, 2, 3, 7, 1_000_000])
    func `all reference cases hold, in pieces`(size: Int) throws {
        try check { [decodeInPieces($0, size)] }
    }

    private func check(_ decode: (Case) -> [[Reading]]) throws {
        let text = try String(contentsOf: casesFile, encoding: .utf8)
        var count = 0
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let one = try JSONDecoder().decode(Case.self, from: Data(line))
            for readings in decode(one) {
                let reason = difference(one.expect, readings)
                #expect(reason == nil, "\(one.id)")
            }
            count += 1
        }
        #expect(count > 0)
    }
}

private func decodeWhole(_ one: Case) -> [Reading] {
    decodeWhole(
        one.payload, precision: Precision(one.precision)!,
        lineBytesMax: one.options?.maxLineBytes ?? Limits.lineBytesDefault)
}

private func decodeInPieces(_ one: Case, _ size: Int) -> [Reading] {
    decodeInPieces(
        of: size, one.payload, precision: Precision(one.precision)!,
        lineBytesMax: one.options?.maxLineBytes ?? Limits.lineBytesDefault,
        end: one.options?.eof ?? .clean)
}

// MARK: The form of the cases

private struct Case: Decodable {
    var id: String
    var precision: String
    var payload: [UInt8]
    var options: Options?
    var expect: [Expected]

    struct Options: Decodable {
        var maxLineBytes: Int?
        var eof: StreamEnd?
        enum CodingKeys: String, CodingKey {
            case maxLineBytes = "max_line_bytes"
            case eof
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, precision, options, expect, input
        case base64 = "input_b64"
        case parts = "input_parts"
    }

    init(from decoder: any Swift.Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        precision = try values.decode(String.self, forKey: .precision)
        options = try values.decodeIfPresent(Options.self, forKey: .options)
        expect = try values.decode([Expected].self, forKey: .expect)
        if let text = try values.decodeIfPresent(String.self, forKey: .input) {
            payload = Array(text.utf8)
        } else if let data = try values.decodeIfPresent(Data.self, forKey: .base64) {
            payload = Array(data)
        } else {
            var parts = try values.nestedUnkeyedContainer(forKey: .parts)
            payload = []
            while !parts.isAtEnd {
                var part = try parts.nestedUnkeyedContainer()
                let text = try part.decode(String.self)
                for _ in 0..<(try part.decode(Int.self)) { payload += Array(text.utf8) }
            }
        }
    }
}

extension StreamEnd: Decodable {}

private struct Expected: Decodable {
    var line: Int
    var error: String?
    var alt: [String]?
    var measurement: String?
    var tags: [String: String]?
    var fields: [String: Value]?
    var tagsHex: [[String]]?
    var fieldsHex: [HexField]?
    var timestamp: String?

    enum CodingKeys: String, CodingKey {
        case line, error, alt, measurement, tags, fields, timestamp
        case tagsHex = "tags_hex"
        case fieldsHex = "fields_hex"
    }

    struct Value: Decodable {
        var type: String
        var value: Scalar
        var bits: String?
    }

    struct HexField: Decodable {
        var key: String
        var value: Value
        init(from decoder: any Swift.Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            key = try pair.decode(String.self)
            value = try pair.decode(Value.self)
        }
    }

    enum Scalar: Decodable {
        case text(String), number(Double), bool(Bool)
        init(from decoder: any Swift.Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let bool = try? value.decode(Bool.self) {
                self = .bool(bool)
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }
    }
}

// MARK: Comparing

private func difference(_ expected: [Expected], _ actual: [Reading]) -> String? {
    guard expected.count == actual.count else { return "\(actual.count) results: \(actual)" }
    for (want, got) in zip(expected, actual) {
        if want.line != got.line { return "line \(got.line), not \(want.line)" }
        if let error = want.error {
            let category = got.error?.category ?? "point"
            guard ([error] + (want.alt ?? [])).contains(category) else { return category }
            continue
        }
        if let error = got.error { return error.category }
        if Array((want.measurement ?? "").utf8) != got.measurement { return "measurement \(got)" }
        if want.timestamp != got.timestamp.map(String.init) { return "timestamp \(got)" }
        if tags(want) != sorted(got.tags.map { ($0.key, $0.text) }) { return "tags \(got)" }
        if fields(want) != sorted(got.fields.map { ($0.key, canonical($0)) }) {
            return "fields \(got)"
        }
    }
    return nil
}

private func tags(_ expected: Expected) -> [[[UInt8]]] {
    if let hex = expected.tagsHex { return sorted(hex.map { (bytes($0[0]), bytes($0[1])) }) }
    return sorted((expected.tags ?? [:]).map { (Array($0.key.utf8), Array($0.value.utf8)) })
}

private func fields(_ expected: Expected) -> [[[UInt8]]] {
    if let hex = expected.fieldsHex {
        return sorted(hex.map { (bytes($0.key), canonical($0.value)) })
    }
    return sorted((expected.fields ?? [:]).map { (Array($0.key.utf8), canonical($0.value)) })
}

private func sorted(_ pairs: [([UInt8], [UInt8])]) -> [[[UInt8]]] {
    pairs.map { [$0.0, $0.1] }.sorted { $0[0].lexicographicallyPrecedes($1[0]) }
}

private func canonical(_ value: Expected.Value) -> [UInt8] {
    let text =
        switch value.value {
        case .text(let text): text
        case .bool(let bool): "\(bool)"
        case .number(let number):
            value.bits ?? hexadecimal(number.bitPattern)
        }
    return Array("\(value.type):\(text)".utf8)
}

private func canonical(_ field: Reading.Pair) -> [UInt8] {
    let text =
        switch field.kind {
        case .int: "\(Int64(bitPattern: field.bits))"
        case .uint: "\(field.bits)"
        case .bool: "\(field.bits == 1)"
        case .float: hexadecimal(field.bits)
        case .string, .tag: LineProtocolTests.text(field.text)
        }
    return Array("\(field.kind):\(text)".utf8)
}

/// All 16 digits.
private func hexadecimal(_ bits: UInt64) -> String {
    let digits = String(bits, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

private func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
}
