import Files
import Glibc

/// The content of an open file from front to back, unpacked if it is compressed. One thread uses it.
final class ContentReader {
    private var stream: FileStream<DescriptorSource>

    /// - Parameters:
    ///   - descriptor: stays the caller's, and open.
    ///   - name: fit to be shown.
    ///   - isFile: whether it can be read at any place; a pipe is read as it comes.
    init(_ descriptor: Int32, name: String, isFile: Bool) throws(FileError) {
        stream = try FileStream(
            isFile
                ? DescriptorSource(file: descriptor, name: name)
                : DescriptorSource(stream: descriptor, name: name))
    }

    /// Whether the size of the content is that of the file.
    var isPlain: Bool { stream.format == .plain }
    /// Bytes of the file itself that were used, for a measure of progress.
    var rawBytes: UInt64 { UInt64(stream.consumedBytes) }
    /// Where and why the content could not be read to the file's end; known when it was.
    var fault: StreamFault? {
        if case .broken(let fault) = stream.ending { fault } else { nil }
    }

    /// - Returns: bytes, 0 only at the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        try unsafe stream.read(into: target)
    }

    /// Passes over everything in front of `offset` of the content.
    func skip(to offset: UInt64) throws(FileError) {
        guard offset > 0 else { return }
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: FilesLimits.inputBytes, alignment: 64)
        defer { unsafe scratch.deallocate() }
        _ = try unsafe stream.skip(to: Int(clamping: offset), using: scratch)
    }
}

extension StreamFault {
    /// Whether a last line without line end may be only a part of one.
    var breaksLine: Bool { kind != .garbage }
}
