import Glibc

/// The kernel's buffer between us and a server on the same machine.
enum SendBuffer {
    /// Makes the buffer of a Unix socket larger. What the kernel gives by itself holds three pieces of a
    /// COPY: then we and the server wake each other for every one of them. A buffer of TCP grows by
    /// itself, and would not any more (tcp(7)).
    ///
    /// Without CAP_NET_ADMIN the kernel cuts at net.core.wmem_max; with what it gives we live.
    static func enlarge(_ socket: Int32) {
        guard value(of: SO_DOMAIN, socket) == AF_UNIX,
            let bytes = value(of: SO_SNDBUF, socket)
        else { return }
        // The kernel doubles what it is asked for, for its own part: socket(7).
        if bytes >= 2 * Limits.sendBufferBytes { return }
        if !set(SO_SNDBUFFORCE, socket) { _ = set(SO_SNDBUF, socket) }
    }

    private static func value(of option: Int32, _ socket: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : nil
    }

    private static func set(_ option: Int32, _ socket: Int32) -> Bool {
        var value = Limits.sendBufferBytes
        let size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe setsockopt(socket, SOL_SOCKET, option, &value, size) == 0
    }
}
