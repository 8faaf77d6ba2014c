import LineProtocol

/// What one line became, as plain values that tests compare and print. Names are bytes: Swift holds
/// canonically equivalent texts for equal.
struct Reading: Equatable, CustomStringConvertible {
    var line: Int
    var raw: [UInt8]
    var error: LineError?
    var measurement: [UInt8] = []
    var tags: [Pair] = []
    var fields: [Pair] = []
    var timestamp: Int64?

    struct Pair: Equatable {
        var key: [UInt8]
        var kind: ItemKind
        var text: [UInt8]
        var bits: UInt64
    }

    var description: String {
        if let error { return "\(line): \(error.category) [\(text(raw))]" }
        let all = (tags + fields).map { "\(text($0.key))=\($0.kind):\(text($0.text))" }
        let time = timestamp.map { " \($0)" } ?? ""
        return "\(line): \(text(measurement)) \(all.joined(separator: ","))\(time)"
    }

    init(_ line: DecodedLine, _ batch: borrowing DecodedBatch) {
        self.line = line.number
        raw = Array(line.raw.buffer)
        error = line.error
        measurement = Array(line.measurement.buffer)
        for index in 0..<Int(line.tagCount) { tags.append(Pair(batch.tag(index, of: line))) }
        for index in 0..<Int(line.fieldCount) { fields.append(Pair(batch.field(index, of: line))) }
        timestamp = line.hasTimestamp ? line.timestamp : nil
    }
}

extension Reading.Pair {
    init(_ item: Item) {
        key = Array(item.key.buffer)
        kind = item.kind
        text = Array(item.text.buffer)
        bits = item.bits
    }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Decodes a payload that is there as a whole.
func decodeWhole(
    _ payload: [UInt8], precision: Precision = .nanoseconds,
    lineBytesMax: Int = Limits.lineBytesDefault, lineCapacity: Int = 64,
    isContinuation: Bool = false, end: PayloadEnd = .clean, predictsLayout: Bool = true
) -> [Reading] {
    var decoder = Decoder(lineBytesMax: lineBytesMax, predictsLayout: predictsLayout)
    var batch = DecodedBatch(lineCapacity: lineCapacity, lineBytesMax: lineBytesMax)
    var readings: [Reading] = []
    payload.withUnsafeBytes { bytes in
        var offset = 0
        repeat {
            offset = decoder.decode(
                bytes, from: offset, precision: precision, isContinuation: isContinuation,
                end: end, into: &batch)
            append(batch, to: &readings)
        } while offset < bytes.count
    }
    return readings
}

/// Decodes a payload in pieces of `size` bytes; each piece lies in memory of its own.
func decodeInPieces(
    of size: Int, _ payload: [UInt8], precision: Precision = .nanoseconds,
    lineBytesMax: Int = Limits.lineBytesDefault, end: StreamEnd = .clean
) -> [Reading] {
    var decoder = StreamDecoder(precision: precision, lineBytesMax: lineBytesMax)
    var readings: [Reading] = []
    for start in stride(from: 0, to: payload.count, by: size) {
        let piece = Array(payload[start..<min(start + size, payload.count)])
        piece.withUnsafeBytes { bytes in
            decoder.feed(bytes) { append($0, to: &readings) }
        }
    }
    decoder.finish(end) { append($0, to: &readings) }
    return readings
}

private func append(_ batch: borrowing DecodedBatch, to readings: inout [Reading]) {
    for index in 0..<batch.lineCount { readings.append(Reading(batch.line(index), batch)) }
}
