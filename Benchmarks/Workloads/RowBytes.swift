/// Rows in the form of binary COPY, written byte by byte: what the encoder's output is compared with.
struct RowBytes {
    /// The sum of the first so many rows' bytes.
    private(set) var sums: [UInt64] = [0]
    private var sum: UInt64 = 0
    private var count = 0

    mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
            sum &+= UInt64(UInt8(truncatingIfNeeded: value >> shift)) << UInt64(count % 8 * 8)
            count += 1
        }
    }

    /// A value of fixed size behind its length.
    mutating func putSized<Value: FixedWidthInteger>(_ value: Value) {
        put(Int32(Value.bitWidth / 8))
        put(value)
    }

    mutating func endRow() { sums.append(sum) }
}

/// The sum of bytes as little-endian words, the last of them filled up with zeros.
///
/// Without checks in its loop, for it to be cheap beside what it checks.
func wordSum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let base = bytes.baseAddress else { return 0 }
    let wordCount = bytes.count >> 3
    var sum: UInt64 = 0
    for index in 0..<wordCount {
        sum &+= unsafe UInt64(
            littleEndian: base.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
    }
    for index in wordCount * 8..<bytes.count {
        sum &+= unsafe UInt64(bytes[index]) << UInt64(index % 8 * 8)
    }
    return sum
}
