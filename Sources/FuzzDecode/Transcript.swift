import LineProtocol

/// All results of one payload as bytes, so that two ways to decode it can be compared.
struct Transcript {
    private(set) var bytes: [UInt8] = []
    private(set) var lineCount = 0

    /// - Parameter payload: where the raw lines must lie; nil when they lie in a stream's buffer.
    mutating func add(
        _ batch: borrowing DecodedBatch, rawWithin payload: UnsafeRawBufferPointer?
    ) {
        lineCount += batch.lineCount
        for index in 0..<batch.lineCount {
            let line = batch.line(index)
            if let payload { check(line, within: payload) }
            put(UInt64(line.number))
            put(line.raw)
            put(line.measurement)
            bytes.append(line.error?.rawValue ?? .max)
            bytes.append(line.hasTimestamp ? 1 : 0)
            put(UInt64(bitPattern: line.timestamp))
            put(UInt64(line.tagCount))
            put(UInt64(line.fieldCount))
            check(line)
            for item in batch.items(of: line) { put(item) }
        }
    }

    private mutating func put(_ item: Item) {
        precondition(!item.key.isEmpty, "a key is empty")
        put(item.key)
        put(item.text)
        put(item.bits)
        bytes.append(item.kind.rawValue)
        if item.kind == .float { checkFloat(item) }
    }

    private mutating func put(_ number: UInt64) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    private mutating func put(_ slice: ByteSlice) {
        put(UInt64(slice.count))
        bytes.append(contentsOf: slice.buffer)
    }

    private func check(_ line: DecodedLine) {
        if line.error != nil {
            precondition(line.tagCount == 0 && line.fieldCount == 0 && line.measurement.isEmpty)
        } else {
            precondition(line.fieldCount > 0, "a point without fields")
            precondition(!line.measurement.isEmpty, "a point without a measurement")
        }
    }

    private func check(_ line: DecodedLine, within payload: UnsafeRawBufferPointer) {
        let start = UnsafeRawPointer(line.raw.base) - payload.baseAddress!
        precondition(start >= 0 && start + Int(line.raw.count) <= payload.count)
    }

    /// Swift's own reading of the literal is the judge of ours.
    private func checkFloat(_ item: Item) {
        guard let expected = Double(item.text.text) else { preconditionFailure("no number") }
        precondition(expected.bitPattern == item.bits, "not the nearest double")
    }
}
