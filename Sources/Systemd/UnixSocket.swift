import CLinux
import Glibc

/// The address of a Unix datagram socket: a path, or an abstract name behind an `@`.
struct UnixAddress: Sendable {
    private let address: sockaddr_un
    private let length: socklen_t

    /// - Returns: `nil` for what cannot be an address: relative, empty or too long.
    init?(_ text: String) {
        guard let first = text.utf8.first, text.utf8.count > 1 else { return nil }
        guard first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return nil }
        var bytes = Array(text.utf8)
        if first == UInt8(ascii: "@") { bytes[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        // A path needs a zero byte behind it; an abstract name is all of its length.
        guard bytes.count < capacity else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        self.address = address
        let terminator = bytes[0] == 0 ? 0 : 1
        length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + terminator)
    }

    /// Lends the address to a system call.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe body(generic, length)
            }
        }
    }
}

/// A Unix datagram socket that only sends.
struct UnixSender: ~Copyable {
    private let descriptor: Int32

    /// - Returns: `nil` when the process has no descriptor left.
    init?(flags: Int32 = 0) {
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_UNIX, kind | flags, 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Gives up a send that the receiver does not take in time.
    func setTimeout(seconds: Int) {
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }

    /// Whether anybody listens there.
    func canReach(_ address: UnixAddress) -> Bool {
        unsafe address.withPointer { unsafe connect(descriptor, $0, $1) } == 0
    }

    /// - Returns: zero, or why the datagram was not sent.
    func send(_ bytes: [UInt8], to address: UnixAddress) -> Int32 {
        while true {
            let sent = unsafe address.withPointer { pointer, length in
                unsafe sendto(
                    descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), pointer, length)
            }
            if sent >= 0 { return 0 }
            if errno != EINTR { return errno }
        }
    }

    /// Sends a datagram and a copy of a descriptor with it.
    ///
    /// - Returns: zero, or why it was not sent.
    func send(_ bytes: [UInt8], with passed: Int32, to address: UnixAddress) -> Int32 {
        while true {
            let sent = unsafe address.withPointer { pointer, length in
                unsafe clinux_send_descriptor(
                    descriptor, pointer, length, bytes, bytes.count, passed)
            }
            if sent >= 0 { return 0 }
            if errno != EINTR { return errno }
        }
    }
}
