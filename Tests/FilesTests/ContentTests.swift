import CZlib
import CZstd
import Files
import Foundation
import Testing

/// What was packed comes out as it was, and where it cannot, that is said.
@Suite struct ContentTests {
    private static let text = Array(
        (0..<400).map { "m,t=\($0 % 7) f=\($0).5 \(1_790_000_000 + $0)\n" }.joined().utf8)

    // MARK: - Packing

    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        var output = [UInt8](repeating: 0, count: bytes.count + 1_000)
        var input = bytes
        let count = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
                return target.count - Int(stream.avail_out)
            }
        }
        deflateEnd(&stream)
        return Array(output[..<count])
    }

    static func zstd(_ bytes: [UInt8], windowBits: Int32 = 0) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)
        if windowBits > 0 { ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowBits) }
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        // As a stream, so that the frame has the window that was asked for.
        let count = bytes.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var packed = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                ZSTD_compressStream2(context, &packed, &input, ZSTD_e_flush)
                precondition(ZSTD_compressStream2(context, &packed, &input, ZSTD_e_end) == 0)
                return packed.pos
            }
        }
        return Array(output[..<count])
    }

    private func pack(_ format: ContentFormat, _ bytes: [UInt8]) -> [UInt8] {
        switch format {
        case .gzip: Self.gzip(bytes)
        case .zstd: Self.zstd(bytes)
        case .plain: bytes
        }
    }

    // MARK: - Reading

    private struct Result: Equatable {
        var content: [UInt8] = []
        var fault: ContentFault?
    }

    private func read(_ bytes: [UInt8], pieces: Int = 1_000, skip: UInt64 = 0) throws -> Result {
        let descriptor = unnamedFile()
        defer { close(descriptor) }
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        return try read(descriptor, pieces: pieces, skip: skip)
    }

    private func read(_ descriptor: Int32, pieces: Int, skip: UInt64 = 0) throws -> Result {
        let stream = try ContentStream(descriptor)
        var result = Result()
        _ = try stream.skip(skip)
        var buffer = [UInt8](repeating: 0, count: pieces)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
            if count == 0 { break }
            result.content += buffer[..<count]
        }
        result.fault = stream.fault
        return result
    }

    // MARK: - Tests

    @Test(arguments: [ContentFormat.plain, .gzip, .zstd])
    func `what was packed comes out, in pieces of any size`(_ format: ContentFormat) throws {
        let packed = pack(format, Self.text)
        for pieces in [1, 2, 7, 4_096, 1 << 20] {
            #expect(try read(packed, pieces: pieces) == Result(content: Self.text))
        }
    }

    @Test(arguments: [ContentFormat.plain, .gzip, .zstd])
    func `reading goes on in the middle`(_ format: ContentFormat) throws {
        let packed = pack(format, Self.text)
        for offset in [1, 3, 4, 5, 1_000, Self.text.count] {
            #expect(
                try read(packed, skip: UInt64(offset)).content == Array(Self.text[offset...]))
        }
    }

    @Test(arguments: [ContentFormat.gzip, .zstd])
    func `members and frames are one content`(_ format: ContentFormat) throws {
        let half = Self.text.count / 2
        let parts = [Array(Self.text[..<half]), [], Array(Self.text[half...])]
        #expect(
            try read(parts.flatMap { pack(format, $0) }, pieces: 13) == Result(content: Self.text))
    }

    @Test(arguments: [ContentFormat.gzip, .zstd])
    func `of a file that is cut off, everything before the cut comes out`(
        _ format: ContentFormat
    ) throws {
        let packed = pack(format, Self.text)
        var longest = 0
        for count in ContentFormat.byteCount..<packed.count {
            let result = try read(Array(packed[..<count]))
            #expect(result.fault == ContentFault(.cutOff, at: UInt64(count)))
            #expect(Self.text.starts(with: result.content))
            #expect(result.content.count >= longest)
            longest = max(longest, result.content.count)
        }
        #expect(longest > 0)
    }

    @Test(arguments: [ContentFormat.gzip, .zstd])
    func `garbage behind the content is said to be that`(_ format: ContentFormat) throws {
        let packed = pack(format, Self.text)
        for garbage in ["x", "garbage at the end", "\u{1f}garbage that begins as gzip does"] {
            let result = try read(packed + Array(garbage.utf8))
            #expect(result.content == Self.text)
            #expect(result.fault != nil)
            if garbage.hasPrefix("g") {
                #expect(result.fault == ContentFault(.garbage, at: UInt64(packed.count)))
            }
        }
    }

    @Test func `zeros behind gzip's members are padding`() throws {
        let padded = Self.gzip(Self.text) + [UInt8](repeating: 0, count: 70_000)
        #expect(try read(padded) == Result(content: Self.text))
        #expect(
            try read(padded + Self.gzip(Self.text)) == Result(content: Self.text + Self.text))
    }

    @Test(arguments: [ContentFormat.gzip, .zstd])
    func `whatever is changed, wrong content does not pass for right`(_ format: ContentFormat)
        throws
    {
        let packed = pack(format, Self.text)
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for _ in 0..<2_000 {
            var changed = packed
            for _ in 0...random.next() % 3 {
                changed[Int(random.next() % UInt64(changed.count))] ^= 1 << UInt8(random.next() % 8)
            }
            guard changed != packed else { continue }
            let result = try read(changed)
            // Bits without a meaning may change, and what has another magic is plain.
            #expect(
                result.fault != nil || result.content == Self.text || result.content == changed,
                "seed \(seed)")
        }
    }

    @Test func `a window that needs too much memory is refused`() throws {
        let large = Self.zstd(Self.text, windowBits: 27)
        #expect(try read(large).fault == ContentFault(.window(limit: 32 << 20), at: 0))
        #expect(try read(Self.zstd(Self.text, windowBits: 25)) == Result(content: Self.text))
    }

    @Test func `much content comes out of a small file`() throws {
        let megabyte = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        let members = Self.zstd(megabyte)
        let descriptor = unnamedFile()
        defer { close(descriptor) }
        let packed = (0..<256).flatMap { _ in members }
        _ = packed.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        let stream = try ContentStream(descriptor)
        var count = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
            if got == 0 { break }
            count += got
        }
        #expect(count == 256 << 20)
        #expect(stream.rawBytes == UInt64(packed.count))
    }

    @Test func `a pipe is read as it comes`() throws {
        let pipe = Pipe()
        let packed = Self.gzip(Self.text)
        Thread.detachNewThread {
            for byte in packed { pipe.fileHandleForWriting.write(Data([byte])) }
            try? pipe.fileHandleForWriting.close()
        }
        let result = try read(pipe.fileHandleForReading.fileDescriptor, pieces: 100)
        #expect(result == Result(content: Self.text))
    }

    @Test func `a file that a package brought is read`() throws {
        let folder = "/usr/share/doc"
        let file = FileManager.default.enumerator(atPath: folder)?.lazy
            .compactMap { $0 as? String }.first { $0.hasSuffix("changelog.Debian.gz") }
        guard let file else { return }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)"))
        let result = try read(Array(bytes))
        #expect(result.fault == nil)
        #expect(String(validating: result.content, as: UTF8.self)?.contains("urgency") ?? false)
    }

    @Test func `short files are plain`() throws {
        for bytes in [[], [0x1f], [0x1f, 0x8b, 8]] as [[UInt8]] {
            #expect(try read(bytes) == Result(content: bytes))
        }
    }
}

/// An open file that goes with its descriptor.
private func unnamedFile() -> Int32 {
    var template = Array("/tmp/sluice-content-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    unlink(template)
    return descriptor
}

/// Random numbers from a seed.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
