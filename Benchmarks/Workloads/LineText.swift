import LineProtocol

/// Lines of text in blocks, with what must be decoded from them.
struct LineText {
    /// What some lines decode to.
    struct Outcome: Equatable {
        var lines = 0
        var errors = 0
        var checksum: UInt64 = 0
    }

    /// Bytes that a block has at most; what a file's reader hands on is about as large.
    static let blockBytesMax = 1 << 16

    private(set) var bytes: [UInt8] = []
    /// Where each line ends, behind its line feed.
    private(set) var lineEnds: [Int] = []
    /// The line with which each block begins.
    private(set) var blockStarts: [Int] = [0]
    /// What the first so many lines decode to.
    private(set) var expected: [Outcome] = [Outcome()]

    // The line that is being written.
    private var items: UInt64 = 0

    var lineCount: Int { lineEnds.count }

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    // MARK: - Writing

    mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes `value / 10^fractionDigits`, with all of these digits.
    mutating func putDecimal(_ value: Int, fractionDigits: Int) {
        let start = bytes.count
        var rest = value
        var digits = 0
        repeat {
            if digits == fractionDigits && digits > 0 { bytes.append(UInt8(ascii: ".")) }
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
            digits += 1
        } while rest > 0 || digits <= fractionDigits
        bytes[start...].reverse()
    }

    /// Writes a number as a float field, and expects it.
    mutating func putFloat(_ key: String, _ value: Int, fractionDigits: Int) {
        put(key)
        put("=")
        let start = bytes.count
        putDecimal(value, fractionDigits: fractionDigits)
        // Both are exact in a Double, so the quotient is the nearest one.
        let quotient = Double(value) / Double(powerOfTen(fractionDigits))
        expectItem(
            keyBytes: key.utf8.count, textBytes: bytes.count - start, content: quotient.bitPattern)
    }

    /// Expects the line's next item.
    ///
    /// - Parameter content: a number's bits, or a text's last byte.
    mutating func expectItem(keyBytes: Int, textBytes: Int, content: UInt64) {
        items = Self.join(items, keyBytes, textBytes, content)
    }

    /// Ends the line.
    ///
    /// - Parameter result: nil when nothing is decoded from it.
    mutating func endLine(_ result: Result<Int64, LineError>?) {
        bytes.append(UInt8(ascii: "\n"))
        let blockStart = blockStarts[blockStarts.count - 1]
        let blockByte = blockStart == 0 ? 0 : lineEnds[blockStart - 1]
        if bytes.count - blockByte > Self.blockBytesMax { blockStarts.append(lineCount) }
        lineEnds.append(bytes.count)
        var outcome = expected[expected.count - 1]
        switch result {
        case .success(let time): outcome.add(items: items, timestamp: time)
        case .failure(let error): outcome.add(error)
        case nil: break
        }
        expected.append(outcome)
        items = 0
    }

    // MARK: - Checksums

    /// The checksum of a line's items so far, with one more.
    @inline(__always) static func join(
        _ sum: UInt64, _ keyBytes: Int, _ textBytes: Int, _ content: UInt64
    ) -> UInt64 {
        sum &* 31 &+ (content ^ UInt64(truncatingIfNeeded: keyBytes &<< 8 | textBytes))
    }
}

extension LineText.Outcome {
    @inline(__always) mutating func add(items: UInt64, timestamp: Int64) {
        lines += 1
        checksum &+= items ^ UInt64(bitPattern: timestamp)
    }

    @inline(__always) mutating func add(_ error: LineError) {
        lines += 1
        errors += 1
        checksum &+= (UInt64(error.rawValue) + 1) << 32
    }

    /// As much again.
    mutating func add(_ other: LineText.Outcome) {
        lines += other.lines
        errors += other.errors
        checksum &+= other.checksum
    }
}

func powerOfTen(_ exponent: Int) -> Int {
    (0..<exponent).reduce(1) { power, _ in power * 10 }
}
