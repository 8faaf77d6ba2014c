import Glibc

/// A Unix stream socket: the sole owner of its descriptor. Answers are 0 or the `errno`.
struct LocalSocket: ~Copyable {
    private let descriptor: CInt

    private init(owning descriptor: CInt) { self.descriptor = descriptor }

    /// - Returns: `nil` when the process has no descriptor left.
    init?() {
        descriptor = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Listens at a path, in the place of what a former process has left there.
    borrowing func listen(at path: String) -> CInt {
        unsafe unlink(path)
        let code = unsafe Self.withAddress(path) { address, size in
            unsafe bind(descriptor, address, size) == 0 ? 0 : errno
        }
        guard code == 0 else { return code }
        guard unsafe chmod(path, 0o600) == 0, Glibc.listen(descriptor, 8) == 0 else { return errno }
        return 0
    }

    borrowing func connect(to path: String) -> CInt {
        unsafe Self.withAddress(path) { address, size in
            unsafe Glibc.connect(descriptor, address, size) == 0 ? 0 : errno
        }
    }

    /// Waits for the next connection, until `stopListening`.
    ///
    /// - Returns: `nil` at the end, and when the process has no descriptor left.
    borrowing func accept() -> LocalSocket? {
        let number = Glibc.accept(descriptor, nil, nil)
        guard number >= 0 else { return nil }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return LocalSocket(owning: number)
    }

    /// Wakes who waits in `accept`, for good.
    borrowing func stopListening() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// Says that nothing more will be sent.
    borrowing func finishSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Gives up a read or write for which the other side takes longer.
    borrowing func setPatience(_ patience: Duration) {
        var time = timeval(tv_sec: Int(patience.components.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// Reads until a line ends or the other side says no more.
    ///
    /// - Parameter isLine: whether a line is enough.
    /// - Returns: `nil` when it takes too long, or is longer than `max` bytes.
    borrowing func read(max: Int, isLine: Bool) -> String? {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: min(max, 4096))
        while true {
            let count = unsafe recv(descriptor, &part, part.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            bytes += part.prefix(count)
            let isWhole = count == 0 || (isLine && bytes.contains(UInt8(ascii: "\n")))
            guard bytes.count <= max else { return nil }
            if isWhole { return String(decoding: bytes, as: UTF8.self) }
        }
    }

    /// - Returns: whether the other side has taken all of it.
    @discardableResult
    borrowing func write(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { part in
                unsafe send(descriptor, part.baseAddress!, part.count, CInt(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    /// Lends a path in the form that bind(2) takes; ENAMETOOLONG where it does not fit into one.
    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8) + [0]
        guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
            return ENAMETOOLONG
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe body(generic, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
