import Glibc

/// A place in someone else's memory to which text is appended; the memory must outlive it.
@safe
struct LineBuffer {
    // Safe as far as `hasRoomForLine` is asked: a line is never longer than it promises, which a
    // test holds it to.
    private(set) var count = 0
    private let base: UnsafeMutableRawPointer
    private let capacity: Int

    init(_ memory: UnsafeMutableRawBufferPointer) {
        unsafe base = memory.baseAddress!
        capacity = memory.count
    }

    /// To be asked once per line, before its parts are appended without further question.
    @inline(__always)
    var hasRoomForLine: Bool { capacity - count >= SimulateLimits.lineMax }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        unsafe memcpy(base + count, text.utf8Start, size)
        count += size
    }

    @inline(__always)
    mutating func append(byte: UInt8) {
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// A whole number without sign, as short as it is.
    @inline(__always)
    mutating func append(decimal value: UInt64) {
        var size = 1
        var bound: UInt64 = 10
        while value >= bound && size < 19 {
            size += 1
            bound &*= 10
        }
        append(value, digits: size)
    }

    /// A number of ten-thousandths with its four decimals: -123456 is `-12.3456`.
    @inline(__always)
    mutating func append(tenThousandths value: Int32) {
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        let (whole, fraction) = value.magnitude.quotientAndRemainder(dividingBy: 10_000)
        append(decimal: UInt64(whole))
        append(byte: UInt8(ascii: "."))
        append(UInt64(fraction), digits: 4)
    }

    /// The last `digits` digits of a number, with leading zeros.
    @inline(__always)
    private mutating func append(_ value: UInt64, digits: Int) {
        var rest = value
        var offset = count + digits
        count = offset
        let start = offset - digits
        while offset - start >= 2 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            rest = quotient
            offset -= 2
            unsafe memcpy(base + offset, Self.pairs.utf8Start + Int(pair) * 2, 2)
        }
        if offset > start {
            unsafe base.storeBytes(
                of: UInt8(ascii: "0") + UInt8(rest % 10), toByteOffset: start, as: UInt8.self)
        }
    }

    @inline(__always)
    private static var pairs: StaticString {
        """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839\
        40414243444546474849505152535455565758596061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899
        """
    }
}
