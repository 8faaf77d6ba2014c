import CZlib
import CZstd

/// A compressed file, made with the linked libraries, and where its flushed parts end.
struct Compressed {
    /// What was in at `raw` compressed bytes was all put out by the library.
    struct Checkpoint {
        let raw: Int
        let plain: Int
    }

    var bytes: [UInt8] = []
    var checkpoints: [Checkpoint] = []

    /// What has to come out of the first `raw` bytes at least.
    func plainBytes(in raw: Int) -> Int {
        checkpoints.last { $0.raw <= raw }?.plain ?? 0
    }
}

/// One member. A flush after each `part` bytes.
func gzip(_ content: [UInt8], part: Int = .max) -> Compressed {
    var stream = z_stream()
    let status = deflateInit2_(
        &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK)
    defer { deflateEnd(&stream) }
    var result = Compressed()
    for (input, isLast) in parts(content, part) {
        append(input, isLast ? Z_FINISH : Z_SYNC_FLUSH, &stream, to: &result.bytes)
        addCheckpoint(input.count, to: &result)
    }
    return result
}

private func append(
    _ input: ArraySlice<UInt8>, _ flush: Int32, _ stream: inout z_stream, to bytes: inout [UInt8]
) {
    var input = Array(input)
    var output = [UInt8](repeating: 0, count: 65_536)
    input.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        repeat {
            output.withUnsafeMutableBufferPointer { output in
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                precondition(deflate(&stream, flush) != Z_STREAM_ERROR)
            }
            bytes += output[..<(output.count - Int(stream.avail_out))]
        } while stream.avail_out == 0
    }
}

/// One frame of unknown content size, with a checksum. A block ends after each `part` bytes.
func zstd(
    _ content: [UInt8], part: Int = .max, level: Int32 = 3, windowLog: Int32 = 0
) -> Compressed {
    let context = ZSTD_createCCtx()!
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    var result = Compressed()
    for (input, isLast) in parts(content, part) {
        append(input, ZSTD_e_flush, context, to: &result.bytes)
        addCheckpoint(input.count, to: &result)
        if isLast { append([], ZSTD_e_end, context, to: &result.bytes) }
    }
    return result
}

private func append(
    _ input: ArraySlice<UInt8>, _ directive: ZSTD_EndDirective, _ context: OpaquePointer,
    to bytes: inout [UInt8]
) {
    var output = [UInt8](repeating: 0, count: 65_536)
    Array(input).withUnsafeBytes { input in
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var left = 0
        repeat {
            let written = output.withUnsafeMutableBytes { output in
                var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
                left = ZSTD_compressStream2(context, &target, &source, directive)
                return target.pos
            }
            precondition(ZSTD_isError(left) == 0)
            bytes += output[..<written]
        } while left != 0
    }
}

/// One frame as zstd(1) makes it of a file whose size it knows.
func zstdOfKnownSize(_ content: [UInt8]) -> [UInt8] {
    let context = ZSTD_createCCtx()!
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(content.count))
    let size = ZSTD_compress2(context, &output, output.count, content, content.count)
    precondition(ZSTD_isError(size) == 0)
    return Array(output[..<size])
}

/// A frame that readers leave out (RFC 8878, 3.1.2).
func skippableFrame(_ content: [UInt8], variant: UInt8 = 0) -> [UInt8] {
    let size = UInt32(content.count)
    let sizeBytes = (0..<4).map { UInt8(truncatingIfNeeded: size >> UInt32(8 * $0)) }
    return [0x50 | variant, 0x2A, 0x4D, 0x18] + sizeBytes + content
}

private func parts(_ content: [UInt8], _ size: Int) -> [(ArraySlice<UInt8>, isLast: Bool)] {
    if content.isEmpty { return [([], true)] }
    let step = min(size, content.count)
    return stride(from: 0, to: content.count, by: step).map { start in
        let end = min(start + step, content.count)
        return (content[start..<end], end == content.count)
    }
}

private func addCheckpoint(_ count: Int, to result: inout Compressed) {
    let plain = (result.checkpoints.last?.plain ?? 0) + count
    result.checkpoints.append(.init(raw: result.bytes.count, plain: plain))
}
