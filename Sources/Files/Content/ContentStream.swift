import Glibc

/// The content of an open file from front to back, unpacked if it is compressed.
///
/// The descriptor stays the caller's; it is read from where it stands, so a pipe will do. One thread
/// uses it.
@safe
package final class ContentStream {
    // Safe: sole owner of `input`, of which `start ..< end` is filled.
    package let format: ContentFormat
    /// Bytes that were read of the file itself.
    package private(set) var rawBytes: UInt64
    /// Where and why the content could not be read to the file's end; known once that is reached.
    package private(set) var fault: ContentFault?

    private let descriptor: Int32
    private let input: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end: Int
    private var gzip: GzipUnpacker?
    private var zstd: ZstdUnpacker?
    private var hasEnded = false
    /// Whether more was unpacked than there was room for, so that it comes without further input.
    private var mayHoldMore = false

    private static let inputBytes = 64 << 10
    /// Bytes of memory that one takes at most.
    package static let byteCount = inputBytes + max(GzipUnpacker.byteCount, ZstdUnpacker.byteCount)

    /// Reads the first bytes, to find out what it is.
    package init(_ descriptor: Int32) throws(FileError) {
        self.descriptor = descriptor
        unsafe input = .allocate(byteCount: Self.inputBytes, alignment: 64)
        var count = 0
        var failure: FileError?
        while count < ContentFormat.byteCount {
            do throws(FileError) {
                let got = try unsafe Self.read(
                    descriptor, UnsafeMutableRawBufferPointer(rebasing: input[count...]))
                if got == 0 { break }
                count += got
            } catch {
                failure = error
                break
            }
        }
        end = count
        rawBytes = UInt64(count)
        format = unsafe ContentFormat(of: UnsafeRawBufferPointer(rebasing: input[..<count]))
        if let failure { throw failure }
        switch format {
        case .plain: break
        case .gzip: gzip = GzipUnpacker()
        case .zstd: zstd = ZstdUnpacker()
        }
    }

    deinit { unsafe input.deallocate() }

    /// Fills `target` from its start with what comes next.
    ///
    /// - Returns: bytes, 0 only at the end.
    package func read(into target: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        precondition(unsafe !target.isEmpty)
        while !hasEnded {
            if format == .plain, start == end { return try unsafe readOn(into: target) }
            if start == end, !mayHoldMore, try !fill() { break }
            let count = unsafe format == .plain ? take(into: target) : unpack(into: target)
            if count > 0 { return count }
        }
        return 0
    }

    /// Passes over everything in front of `offset` of the content.
    ///
    /// - Returns: whether there is so much.
    package func skip(_ offset: UInt64) throws(FileError) -> Bool {
        if offset == 0 { return true }
        if format == .plain {
            // What was read to find out the format is thrown away.
            (start, end, rawBytes) = (0, 0, offset)
            guard lseek(descriptor, off_t(clamping: offset), SEEK_SET) >= 0 else {
                throw FileError("lseek")
            }
            return true
        }
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.inputBytes, alignment: 64)
        defer { unsafe scratch.deallocate() }
        var left = offset
        while left > 0 {
            let piece = unsafe UnsafeMutableRawBufferPointer(
                rebasing: scratch[..<min(scratch.count, Int(clamping: left))])
            let count = try unsafe read(into: piece)
            if count == 0 { return false }
            left -= UInt64(count)
        }
        return true
    }

    // MARK: - Parts

    private static func read(
        _ descriptor: Int32, _ target: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        let count = retrying { unsafe Glibc.read(descriptor, target.baseAddress, target.count) }
        guard count >= 0 else { throw FileError("read") }
        return count
    }

    private func readOn(into target: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        let count = try unsafe Self.read(descriptor, target)
        rawBytes += UInt64(count)
        if count == 0 { hasEnded = true }
        return count
    }

    /// Reads more of the file, or notices its end.
    private func fill() throws(FileError) -> Bool {
        let count = try unsafe Self.read(descriptor, input)
        (start, end) = (0, count)
        rawBytes += UInt64(count)
        if count == 0 {
            hasEnded = true
            let isWhole = gzip?.isBetween ?? zstd?.isBetween ?? true
            if !isWhole { fault = ContentFault(.cutOff, at: rawBytes) }
        }
        return count > 0
    }

    private func take(into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(target.count, end - start)
        unsafe target.baseAddress!.copyMemory(from: input.baseAddress! + start, byteCount: count)
        start += count
        return count
    }

    private func unpack(into target: UnsafeMutableRawBufferPointer) -> Int {
        let packed = unsafe UnsafeRawBufferPointer(rebasing: input[start..<end])
        do throws(UnpackError) {
            let (consumed, produced) =
                switch format {
                case .gzip: try unsafe gzip!.unpack(packed, into: target)
                case .zstd, .plain: try unsafe zstd!.unpack(packed, into: target)
                }
            start += consumed
            mayHoldMore = produced == target.count
            return produced
        } catch {
            hasEnded = true
            let place = rawBytes - UInt64(end - start)
            let kind: ContentFault.Kind =
                switch error {
                case .corrupt(let reason): .corrupt(reason)
                case .garbage: .garbage
                case .window: .window(limit: 1 << ZstdUnpacker.windowBitsMax)
                }
            fault = ContentFault(kind, at: place)
            return 0
        }
    }
}
