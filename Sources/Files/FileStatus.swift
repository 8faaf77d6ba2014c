import Glibc
package import SystemPackage

/// What stat(2) says of a file.
package struct FileStatus: Equatable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    /// Bytes.
    package let size: UInt64
    /// When it was changed last, in nanoseconds since 1970.
    package let changedAt: Int64
    /// Names that lead to it.
    package let linkCount: Int
    package let isRegular: Bool

    /// Of what a path leads to; `nil` where it leads nowhere.
    package init?(_ path: FilePath) {
        var status = stat()
        guard unsafe path.withPlatformString({ unsafe stat($0, &status) }) == 0 else { return nil }
        self.init(status)
    }

    /// Of an open file.
    package init?(_ descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = UInt64(max(0, status.st_size))
        changedAt = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        linkCount = Int(status.st_nlink)
        isRegular = status.st_mode & S_IFMT == S_IFREG
    }
}

/// An open file, closed with the last reference.
package final class OpenFile: Sendable {
    package let number: Int32
    /// As it was when it was opened, fit to be shown.
    package let name: String

    /// Opens a file for reading; nobody is waited for, whatever it is.
    package init(reading path: FilePath) throws(FileError) {
        name = path.shown
        number = unsafe path.withPlatformString { path in
            retrying { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) }
        }
        guard number >= 0 else { throw FileError("open", name) }
    }

    deinit { close(number) }

    /// Reads from `offset` on until `target` is full or the file ends.
    package func read(
        at offset: UInt64, into target: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        var done = 0
        while done < target.count {
            let count = retrying {
                unsafe pread(
                    number, target.baseAddress! + done, target.count - done,
                    off_t(clamping: offset + UInt64(done)))
            }
            guard count >= 0 else { throw FileError("read", name) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// The first bytes, as far as there are any.
    package func firstBytes(_ count: Int) throws(FileError) -> [UInt8] {
        try bytes(count, at: 0)
    }

    /// Whether the file has `expected` at `offset`; they are read to be compared.
    package func has(_ expected: [UInt8], at offset: UInt64) throws(FileError) -> Bool {
        try bytes(expected.count, at: offset) == expected
    }

    private func bytes(_ count: Int, at offset: UInt64) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: FileError?
        let got = unsafe bytes.withUnsafeMutableBytes { target in
            do throws(FileError) {
                return try unsafe read(at: offset, into: target)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        bytes.removeLast(count - got)
        return bytes
    }
}
