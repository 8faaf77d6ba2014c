import CZlib

/// Unpacks gzip's members, one after the other as one content (RFC 1952, 2.2). Zeros behind a member
/// are padding, as for gzip(1).
@safe
struct GzipUnpacker: Unpacker, ~Copyable {
    // Safe: sole owner of `stream`, which keeps its address: zlib holds a pointer to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var isBetween = true
    private var isFirst = true

    /// 15 bits of window, and 16 for gzip's header: inflateInit2 in zlib.h.
    private static let windowBits: Int32 = 15 + 16
    /// Bytes of memory: the window and zlib's state ("inflate memory usage" in zconf.h).
    static let byteCount = 64 << 10

    init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe inflateInit2_(
            stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "inflateInit2 failed with \(status)")
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    mutating func unpack(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(UnpackError) -> (consumed: Int, produced: Int) {
        var start = 0
        if isBetween {
            while !isFirst, start < input.count, unsafe input[start] == 0 { start += 1 }
            guard start < input.count else { return (start, 0) }
            // The first byte of a member: 1f.
            guard unsafe isFirst || input[start] == 0x1f else { throw .garbage }
            unsafe inflateReset(stream)
            isBetween = false
        }
        let (consumed, produced) = try unsafe inflate(
            UnsafeRawBufferPointer(rebasing: input[start...]), output)
        return (start + consumed, produced)
    }

    private mutating func inflate(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
    ) throws(UnpackError) -> (consumed: Int, produced: Int) {
        let bytes = unsafe input.baseAddress!.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes)
        unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
        unsafe stream.pointee.next_out = output.baseAddress!.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
        let before = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
        let status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
        let consumed = unsafe Int(before.0 - stream.pointee.avail_in)
        let produced = unsafe Int(before.1 - stream.pointee.avail_out)
        switch status {
        case Z_STREAM_END:
            isBetween = true
            isFirst = false
        case Z_OK, Z_BUF_ERROR: break
        // What is no header is not a member.
        case _
        where unsafe !isFirst && stream.pointee.total_out == 0 && produced == 0
            && stream.pointee.total_in <= Self.headerBytes:
            throw .garbage
        default:
            let reason = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
            throw .corrupt(reason ?? "zlib's code \(status)")
        }
        return (consumed, produced)
    }

    /// A member's header without its optional parts.
    private static let headerBytes: UInt = 10
}
