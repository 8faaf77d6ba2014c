import Glibc

/// Reads a file of any size with little memory. The file may be cut while it is read.
struct RejectsInput {
    private let descriptor: Int32
    private let path: String
    /// Bytes of the file when it was opened.
    let size: Int
    private var window: [UInt8] = []
    private var windowStart = 0

    private static let windowBytes = 64 << 10

    init(_ descriptor: Int32, path: String) throws(RejectsError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw RejectsError("fstat", path) }
        self.descriptor = descriptor
        self.path = path
        size = Int(status.st_size)
    }

    /// The bytes from `offset` on: `count` of them, fewer at the file's end.
    mutating func bytes(at offset: Int, count: Int) throws(RejectsError) -> ArraySlice<UInt8> {
        let count = max(0, min(count, size - offset))
        if offset < windowStart || offset + count > windowStart + window.count {
            try fill(from: offset, count: max(count, Self.windowBytes))
        }
        let start = min(offset - windowStart, window.count)
        return window[start..<min(start + count, window.count)]
    }

    private mutating func fill(from offset: Int, count: Int) throws(RejectsError) {
        windowStart = offset
        window.removeAll(keepingCapacity: true)
        window.append(contentsOf: repeatElement(0, count: max(0, min(count, size - offset))))
        var done = 0
        while done < window.count {
            let got = unsafe window.withUnsafeMutableBytes { target in
                unsafe pread(
                    descriptor, target.baseAddress! + done, target.count - done,
                    off_t(offset + done))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw RejectsError("pread", path) }
            if got == 0 { break }
            done += got
        }
        window.removeLast(window.count - done)
    }
}
