import LineProtocol

/// Decodes lines block by block, or datagram by datagram.
///
/// Before the first run every item is compared with what was written, key, text and value; the runs
/// themselves look at each item's value only, so that it is the decoder that they measure.
final class ParseWorkload: Workload {
    private let text: LineText
    private let isDatagrams: Bool
    private var decoder: Decoder
    private var batch: DecodedBatch
    /// Sums of the values of the first so many lines.
    private var sums: [UInt64] = [0]

    /// Lines of one decode, as the daemon has them: what is decoded stays in the nearest cache.
    private static let lineCapacity = 64
    private static let lineBytesMax = LineText.blockBytesMax

    /// - Parameter isDatagrams: whether each line is a payload of its own, without its line end.
    init(_ text: LineText, isDatagrams: Bool = false) {
        self.text = text
        self.isDatagrams = isDatagrams
        decoder = Decoder(lineBytesMax: Self.lineBytesMax)
        batch = DecodedBatch(
            lineCapacity: Self.lineCapacity, lineBytesMax: Self.lineBytesMax)
        verify()
    }

    var period: Int { text.lineCount }

    func run(units: Int) -> UInt64 {
        inPeriods(units, of: period) { decode(lines: $0) }
    }

    private func decode(lines count: Int) -> UInt64 {
        var sum: UInt64 = 0
        unsafe forEachLine(of: count) { line, items in
            for index in items.indices { unsafe sum = sum &* 31 &+ items[index].bits }
            sum ^= UInt64(bitPattern: line.timestamp)
        }
        precondition(sum == sums[count], "what was decoded is not what was written")
        return sum
    }

    /// Compares everything, and notes the sums of the values.
    private func verify() {
        var outcome = LineText.Outcome()
        var sum: UInt64 = 0
        var sums: [UInt64] = []
        unsafe forEachLine(of: period) { line, items in
            if let error = line.error {
                outcome.add(error)
            } else {
                unsafe outcome.add(items: Self.checksum(items), timestamp: line.timestamp)
            }
            for index in items.indices { unsafe sum = sum &* 31 &+ items[index].bits }
            sum ^= UInt64(bitPattern: line.timestamp)
            sums.append(sum)
        }
        precondition(outcome == text.expected[period], "what was decoded is not what was written")
        // Not every line of the text is decoded to something.
        var place = 0
        for index in 0..<period {
            if text.expected[index + 1].lines > text.expected[index].lines { place += 1 }
            self.sums.append(place == 0 ? 0 : sums[place - 1])
        }
    }

    @inline(__always)
    private func forEachLine(
        of count: Int, _ body: (DecodedLine, UnsafeBufferPointer<Item>) -> Void
    ) {
        unsafe text.bytes.withUnsafeBytes { bytes in
            var start = 0
            var block = 1
            while start < count {
                var end = start + 1
                if !isDatagrams {
                    end = block == text.blockStarts.count ? period : text.blockStarts[block]
                    end = min(end, count)
                    block += 1
                }
                let firstByte = start == 0 ? 0 : text.lineEnds[start - 1]
                let endByte = text.lineEnds[end - 1] - (isDatagrams ? 1 : 0)
                let payload = unsafe UnsafeRawBufferPointer(rebasing: bytes[firstByte..<endByte])
                start = end
                var offset = 0
                while offset < payload.count {
                    offset = unsafe decoder.decode(
                        payload, from: offset, precision: .nanoseconds, into: &batch)
                    for index in 0..<batch.lineCount {
                        let line = batch.line(index)
                        unsafe body(line, batch.items(of: line))
                    }
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

    private static func content(of item: Item) -> UInt64 {
        switch item.kind {
        case .tag, .string:
            let text = item.text
            return UInt64(text[Int(text.count) - 1])
        case .float, .int, .uint, .bool:
            return item.bits
        }
    }
}
