import Glibc

/// The content of a file on the command line, from front to back.
final class ImportContent {
    private let source: ImportSource
    /// Bytes of the file itself that were read, for the progress.
    private(set) var rawBytes: UInt64 = 0
    /// Where and how the content breaks off; known when it was read to its end.
    var fault: String? { nil }

    init(_ source: ImportSource) throws(ImportError) {
        self.source = source
    }

    /// Whether its size is that of the file.
    var isPlain: Bool { true }

    func read(into target: UnsafeMutableRawBufferPointer) throws(ImportError) -> Int {
        while true {
            let count = unsafe Glibc.read(source.descriptor, target.baseAddress, target.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw ImportSource.failure("read", source.name, errno) }
            rawBytes += UInt64(count)
            return count
        }
    }

    /// Passes over everything in front of `offset`.
    func skip(to offset: UInt64) throws(ImportError) {
        guard offset > 0 else { return }
        guard lseek(source.descriptor, off_t(offset), SEEK_SET) >= 0 else {
            throw ImportSource.failure("lseek", source.name, errno)
        }
        rawBytes = offset
    }
}
