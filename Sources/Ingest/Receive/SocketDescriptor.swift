import Glibc

/// The sole owner of an open socket: closed when the owner goes.
///
/// One thin function per system call; each answers 0 or the `errno`. EBADF and EFAULT can only
/// be our own bugs and trap, once what a former owner has left is taken off (`forgetError`).
struct SocketDescriptor: ~Copyable {
    let number: CInt

    init(owning number: CInt) {
        precondition(number >= 0)
        self.number = number
    }

    deinit { close(number) }

    static func open(family: CInt) -> Result<CInt, Failure> {
        let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = socket(family, type, 0)
        return number < 0 ? .failure(Failure(code: errno)) : .success(number)
    }

    borrowing func bind(to endpoint: Endpoint) -> CInt {
        unsafe endpoint.withSocketAddress { address, size in
            unsafe Self.outcome(Glibc.bind(number, address, size))
        }
    }

    borrowing func connect(to endpoint: Endpoint) -> CInt {
        unsafe endpoint.withSocketAddress { address, size in
            unsafe Self.outcome(Glibc.connect(number, address, size))
        }
    }

    borrowing func set(_ option: CInt, level: CInt = SOL_SOCKET, to value: CInt) -> CInt {
        var value = value
        return unsafe Self.outcome(
            setsockopt(number, level, option, &value, socklen_t(MemoryLayout<CInt>.size)))
    }

    borrowing func setReceiveTimeout(milliseconds: Int) -> CInt {
        var time = timeval(
            tv_sec: milliseconds / 1000, tv_usec: (milliseconds % 1000) * 1000)
        return unsafe Self.outcome(
            setsockopt(
                number, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size)))
    }

    /// The value of an option, or nil when the descriptor is no socket or does not know it.
    borrowing func value(of option: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        // A descriptor from outside may be anything, so EBADF is an answer here.
        let result = unsafe getsockopt(number, SOL_SOCKET, option, &value, &size)
        return result == 0 ? value : nil
    }

    /// Where the socket is bound; nil when it is neither IPv4 nor IPv6.
    borrowing func boundEndpoint() -> Endpoint? { Self.boundEndpoint(of: number) }

    static func boundEndpoint(of number: CInt) -> Endpoint? {
        var form = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = unsafe withUnsafeMutableBytes(of: &form) { bytes in
            unsafe getsockname(
                number, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
        }
        guard result == 0 else { return nil }
        return unsafe Endpoint(&form)
    }

    /// Whether calls on the socket return at once instead of waiting.
    borrowing func setNonblocking(_ isNonblocking: Bool) {
        let flags = fcntl(number, F_GETFL)
        let wanted = isNonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        if wanted != flags { _ = fcntl(number, F_SETFL, wanted) }
    }

    /// Takes off what the socket keeps of a call by somebody else. When recvmmsg(2) fails behind its first
    /// datagram, the next call gets the error, whoever makes it: EFAULT, where a process was killed
    /// while the kernel copied into memory that it had not touched before.
    borrowing func forgetError() {
        // Reading it is what clears it: socket(7).
        _ = value(of: SO_ERROR)
    }

    borrowing func setCloseOnExec() {
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    /// Maps a call's result to 0 or `errno`.
    static func outcome(_ result: CInt) -> CInt {
        guard result < 0 else { return 0 }
        let code = errno
        precondition(code != EBADF && code != EFAULT, "a socket call was given a bad argument")
        return code
    }

    struct Failure: Error {
        let code: CInt
    }
}
