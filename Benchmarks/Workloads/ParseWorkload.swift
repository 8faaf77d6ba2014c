import LineProtocol

/// Decodes lines block by block and looks at every item, as whoever decodes does.
final class ParseWorkload: Workload {
    private let text: LineText
    private var decoder: Decoder
    private var batch: DecodedBatch

    /// Lines of one decode: more than a block has.
    private static let lineCapacity = 4096
    private static let lineBytesMax = LineText.blockBytesMax

    init(_ text: LineText) {
        self.text = text
        decoder = Decoder(lineBytesMax: Self.lineBytesMax)
        batch = DecodedBatch(
            lineCapacity: Self.lineCapacity, lineBytesMax: Self.lineBytesMax)
    }

    var period: Int { text.lineCount }

    func run(units: Int) -> UInt64 {
        inPeriods(units, of: period) { decode(lines: $0) }
    }

    private func decode(lines count: Int) -> UInt64 {
        var outcome = LineText.Outcome()
        unsafe text.bytes.withUnsafeBytes { bytes in
            for (block, start) in text.blockStarts.enumerated() where start < count {
                let isLast = block + 1 == text.blockStarts.count
                let end = min(count, isLast ? period : text.blockStarts[block + 1])
                let range = (start == 0 ? 0 : text.lineEnds[start - 1])..<text.lineEnds[end - 1]
                unsafe Self.decode(
                    UnsafeRawBufferPointer(rebasing: bytes[range]), &decoder, &batch, &outcome)
            }
        }
        precondition(outcome == text.expected[count], "what was decoded is not what was written")
        return outcome.checksum
    }

    private static func decode(
        _ payload: UnsafeRawBufferPointer, _ decoder: inout Decoder, _ batch: inout DecodedBatch,
        _ outcome: inout LineText.Outcome
    ) {
        var offset = 0
        while offset < payload.count {
            offset = unsafe decoder.decode(
                payload, from: offset, precision: .nanoseconds, into: &batch)
            for index in 0..<batch.lineCount {
                let line = batch.line(index)
                if let error = line.error {
                    outcome.add(error)
                } else {
                    unsafe outcome.add(
                        items: checksum(batch.items(of: line)), timestamp: line.timestamp)
                }
            }
        }
    }

    private static func checksum(_ items: UnsafeBufferPointer<Item>) -> UInt64 {
        var sum: UInt64 = 0
        for index in items.indices {
            let item = unsafe items[index]
            sum = LineText.join(sum, Int(item.key.count), Int(item.text.count), content(of: item))
        }
        return sum
    }

    /// Compared without `==`, which calls into the other module for each of an enum's raw values.
    @inline(__always) private static func content(of item: Item) -> UInt64 {
        switch item.kind {
        case .tag, .string:
            let text = item.text
            return UInt64(text[Int(text.count) - 1])
        case .float, .int, .uint, .bool:
            return item.bits
        }
    }
}
