import CZstd

/// libzstd. A frame's checksum is verified where it has one, which is zstd(1)'s default.
@safe
final class ZstdDecompressor: Decompressor {
    // Safe: sole owner of `context`.
    private let context: OpaquePointer
    /// What the library says it would like next; see `portion`.
    private var hint = 0
    private var windowBytes: UInt64?

    var format: CompressedFormat { .zstd }

    static let beginBytesMax = ZstdFrameHeader.bytesMax

    /// `nil` when there is no memory.
    init?() {
        guard let context = unsafe ZSTD_createDCtx() else { return nil }
        unsafe self.context = unsafe context
        let status = unsafe ZSTD_DCtx_setParameter(
            context, ZSTD_d_windowLogMax, FilesLimits.zstdWindowLogMax)
        precondition(ZSTD_isError(status) == 0)
    }

    deinit { unsafe _ = ZSTD_freeDCtx(context) }

    /// Bytes that the library takes at present, beside `FilesLimits.inputBytes`.
    var memoryBytes: Int { unsafe ZSTD_sizeof_DCtx(context) }

    func begin(_ bytes: Span<UInt8>) -> Beginning {
        let isFrame = CompressedFormat.match(bytes, CompressedFormat.zstdMagic)
        guard isFrame || CompressedFormat.matchesSkippable(bytes) else { return .garbage }
        if bytes.count < CompressedFormat.magicBytesMax { return .cutOff }
        unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        windowBytes = isFrame ? ZstdFrameHeader.windowBytes(bytes) : nil
        hint = 0
        return .member
    }

    func step(_ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer) -> Step {
        var source = unsafe ZSTD_inBuffer(
            src: input.baseAddress, size: min(input.count, portion), pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let status = unsafe ZSTD_decompressStream(context, &target, &source)
        let isFault = ZSTD_isError(status) != 0
        hint = isFault ? 0 : status
        // The library does not say how far it came before a fault: it had all that it was given.
        return unsafe Step(
            consumed: isFault ? source.size : source.pos, produced: target.pos,
            outcome: outcome(status))
    }

    /// How much input one step gets. When the library finds a fault, it says nothing of what it put
    /// out in the same call, and that would be lost. So no call gets both the end of a block and
    /// all of what follows: the hint is the rest of a block and the 3 bytes of the next one's
    /// header.
    private var portion: Int { max(1, hint - 3) }

    private func outcome(_ status: Int) -> Step.Outcome {
        if status == 0 { return .memberEnd }
        if ZSTD_isError(status) == 0 { return .unfinished }
        switch ZSTD_getErrorCode(status) {
        case ZSTD_error_memory_allocation: return .outOfMemory
        case ZSTD_error_frameParameter_windowTooLarge:
            return .fault(.windowTooLarge(bytes: windowBytes))
        case ZSTD_error_dictionary_wrong: return .fault(.needsDictionary)
        default:
            return .fault(.corrupt(unsafe String(cString: ZSTD_getErrorName(status))))
        }
    }
}
