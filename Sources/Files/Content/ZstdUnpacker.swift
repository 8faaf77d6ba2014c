import CZstd

/// Unpacks zstd's frames, one after the other as one content.
@safe
struct ZstdUnpacker: Unpacker, ~Copyable {
    // Safe: sole owner of `stream`.
    private let stream: OpaquePointer
    private(set) var isBetween = true
    private var isFirst = true

    /// The largest window that is unpacked, in bits: 32 MiB. `zstd -19` needs 8 MiB; only --long and
    /// --ultra need more.
    static let windowBitsMax = 25
    /// Bytes of memory: the window and zstd's state and buffers.
    static let byteCount = 1 << windowBitsMax + 512 << 10

    init() {
        guard let made = unsafe ZSTD_createDStream() else {
            preconditionFailure("out of memory for zstd")
        }
        unsafe stream = made
        let status = unsafe ZSTD_DCtx_setParameter(
            stream, ZSTD_d_windowLogMax, Int32(Self.windowBitsMax))
        precondition(ZSTD_isError(status) == 0, "zstd knows no limit of the window")
    }

    deinit { unsafe _ = ZSTD_freeDStream(stream) }

    mutating func unpack(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(UnpackError) -> (consumed: Int, produced: Int) {
        // Asked without input, zstd takes the next frame for begun.
        if isBetween, unsafe input.isEmpty { return (0, 0) }
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let wasBetween = isBetween
        let left = unsafe ZSTD_decompressStream(stream, &target, &source)
        guard ZSTD_isError(left) == 0 else {
            switch ZSTD_getErrorCode(left) {
            case ZSTD_error_frameParameter_windowTooLarge: throw .window
            case ZSTD_error_prefix_unknown where !isFirst && wasBetween: throw .garbage
            default: throw .corrupt(unsafe String(cString: ZSTD_getErrorName(left)))
            }
        }
        isBetween = left == 0
        if isBetween { isFirst = false }
        return unsafe (source.pos, target.pos)
    }
}
