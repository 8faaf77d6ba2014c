import CZlib

/// zlib, for gzip's format. A member's checksum and length are verified at its end.
@safe
final class GzipDecompressor: Decompressor {
    // Safe: sole owner of `stream`, which stays at its address because zlib's state points to it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// The largest window that deflate has, as a power of 2, and 16 for gzip's header (zlib.h).
    private static let windowBits: Int32 = 15 + 16

    var format: CompressedFormat { .gzip }

    static let beginBytesMax = CompressedFormat.magicBytesMax

    /// `nil` when there is no memory.
    init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe inflateInit2_(
            stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status != Z_VERSION_ERROR, "zlib is older than the one this was built with")
        if status != Z_OK { return nil }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    func begin(_ bytes: Span<UInt8>) -> Beginning {
        let magic = CompressedFormat.gzipMagic
        // What gzip(1) does: tapes have blocks of a fixed size, filled up with zeros.
        if bytes[0] == 0 { return .padding }
        guard CompressedFormat.match(bytes, magic) else { return .garbage }
        if bytes.count < magic.count { return .cutOff }
        unsafe inflateReset(stream)
        return .member
    }

    func step(_ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer) -> Step {
        let inputSize = UInt32(input.count)
        let outputSize = UInt32(clamping: output.count)
        // zlib does not write to its input; its header has no const there.
        unsafe stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?
            .assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_in = inputSize
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = outputSize
        let status = unsafe inflate(stream, Z_NO_FLUSH)
        return unsafe Step(
            consumed: Int(inputSize - stream.pointee.avail_in),
            produced: Int(outputSize - stream.pointee.avail_out), outcome: outcome(status))
    }

    private func outcome(_ status: Int32) -> Step.Outcome {
        switch status {
        // It is a buffer error to have nothing to do; zlib goes on from there.
        case Z_OK, Z_BUF_ERROR: return .unfinished
        case Z_STREAM_END: return .memberEnd
        case Z_MEM_ERROR: return .outOfMemory
        default:
            let message = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
            return .fault(.corrupt(message ?? "zlib's status \(status)"))
        }
    }
}
