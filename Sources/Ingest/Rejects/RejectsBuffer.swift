import Glibc

/// Bytes on their way to a file of rejects; memory that is allocated once.
@safe
struct RejectsBuffer: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>
    let capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        unsafe base = .allocate(capacity: max(capacity, 1))
    }

    deinit { unsafe base.deallocate() }

    var room: Int { capacity - count }

    mutating func removeAll() { count = 0 }

    /// Lends the filled bytes; they must not outlive `body`.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        precondition(count < capacity)
        unsafe base[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        precondition(length >= 0 && length <= room)
        unsafe memcpy(base + count, bytes, length)
        count += length
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        unsafe append(text.utf8Start, text.utf8CodeUnitCount)
    }

    mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { unsafe append(start, source.count) }
        }
    }

    /// Decimal digits, with zeros in front up to `width`.
    mutating func append(decimal value: UInt64, width: Int = 1) {
        var width = width
        var bound: UInt64 = 1
        for _ in 1..<width { bound = bound &* 10 }
        while width < 20, value / 10 >= bound {
            bound = bound &* 10
            width += 1
        }
        precondition(width <= room)
        unsafe Self.write(value, width, to: base + count)
        count += width
    }

    /// Puts decimal digits in the place of others.
    mutating func replace(at offset: Int, width: Int, with value: UInt64) {
        precondition(offset >= 0 && offset + width <= count)
        unsafe Self.write(value, width, to: base + offset)
    }

    @inline(__always)
    private static func write(_ value: UInt64, _ width: Int, to place: UnsafeMutablePointer<UInt8>)
    {
        var rest = value
        var index = width
        while index > 0 {
            index -= 1
            unsafe place[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    /// A text in double quotes, at most `bytesMax` bytes of it, cut between characters. Quotes and
    /// backslashes get a backslash in front, and what controls a terminal or ends a line becomes
    /// `\xNN`.
    mutating func append(quoted text: String, bytesMax: Int) {
        append(UInt8(ascii: "\""))
        append(escaped: text, bytesMax: bytesMax, quotes: true)
        append(UInt8(ascii: "\""))
    }

    /// The same without the quotes around it.
    ///
    /// - Parameter quotes: whether double quotes get a backslash in front.
    mutating func append(escaped text: String, bytesMax: Int, quotes: Bool) {
        let isDone: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe append(escaped: bytes, bytesMax: bytesMax, quotes: quotes)
        }
        if isDone != nil { return }
        unsafe Array(text.utf8).withUnsafeBufferPointer { bytes in
            unsafe append(escaped: bytes, bytesMax: bytesMax, quotes: quotes)
        }
    }

    mutating func append(
        escaped bytes: UnsafeBufferPointer<UInt8>, bytesMax: Int, quotes: Bool
    ) {
        var end = bytes.count
        if end > bytesMax {
            end = bytesMax
            while end > 0, unsafe bytes[end] & 0xC0 == 0x80 { end -= 1 }
        }
        precondition(4 * end <= room)
        var index = 0
        while index < end {
            let byte = unsafe bytes[index]
            let hidden = unsafe Self.hiddenBytes(byte, bytes, index, end)
            if hidden > 0 {
                for offset in 0..<hidden { appendHexadecimal(unsafe bytes[index + offset]) }
                index += hidden
                continue
            }
            if byte == UInt8(ascii: "\\") || quotes && byte == UInt8(ascii: "\"") {
                append(UInt8(ascii: "\\"))
            }
            append(byte)
            index += 1
        }
    }

    /// How many bytes from `index` on make a character that must not be seen as it is; mostly 0.
    @inline(__always)
    private static func hiddenBytes(
        _ byte: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ end: Int
    ) -> Int {
        if byte < 0x20 || byte == 0x7F { return 1 }
        if byte == 0xC2, index + 1 < end, unsafe bytes[index + 1] < 0xA0 { return 2 }
        if byte == 0xE2, index + 2 < end, unsafe bytes[index + 1] == 0x80,
            unsafe bytes[index + 2] & 0xFE == 0xA8
        {
            return 3
        }
        return 0
    }

    private mutating func appendHexadecimal(_ byte: UInt8) {
        append("\\x")
        append(Self.hexadecimalDigit(byte >> 4))
        append(Self.hexadecimalDigit(byte & 15))
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
