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
func wordSum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var sum: UInt64 = 0
    var offset = 0
    while offset + 8 <= bytes.count {
        sum &+= unsafe UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        offset += 8
    }
    var shift: UInt64 = 0
    while offset < bytes.count {
        sum &+= unsafe UInt64(bytes[offset]) << shift
        shift += 8
        offset += 1
    }
    return sum
}
