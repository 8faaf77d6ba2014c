import Glibc

/// Reads a file descriptor, which stays the caller's and must stay open.
package struct DescriptorSource: ByteSource, ~Copyable {
    package let name: String
    private let descriptor: Int32
    /// Where pread(2) goes on; `nil` for read(2).
    private var position: Int?

    /// Reads a file with pread(2): the descriptor's own offset is neither used nor moved.
    package init(file descriptor: Int32, name: String, position: Int = 0) {
        self.descriptor = descriptor
        self.name = name
        self.position = position
    }

    /// Reads whatever the descriptor is, a pipe for instance, from where it stands, with read(2).
    package init(stream descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    package mutating func read(
        into bytes: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        precondition(bytes.count > 0)
        while true {
            let count = unsafe readOnce(bytes)
            if count >= 0 {
                position? += count
                return count
            }
            try handle(errno)
        }
    }

    private func readOnce(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        if let position {
            unsafe pread(descriptor, bytes.baseAddress, bytes.count, position)
        } else {
            unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
        }
    }

    /// Returns when reading is worth another try.
    private func handle(_ code: Int32) throws(FileError) {
        precondition(code != EBADF && code != EFAULT, "BUG: read with a bad descriptor or address")
        if code == EINTR { return }
        // Standard input may be a pipe that another process made nonblocking.
        guard code == EAGAIN else { throw FileError("read", name, code: code) }
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        unsafe _ = poll(&wanted, 1, -1)
    }

    /// Leaves out bytes of a regular file that is read with pread(2), and nothing else.
    package mutating func leap(_ count: Int) throws(FileError) -> Int {
        guard let position else { return 0 }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw FileError("fstat", name, code: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return 0 }
        let leap = max(0, min(count, Int(status.st_size) - position))
        self.position = position + leap
        return leap
    }
}
