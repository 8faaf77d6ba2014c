import Glibc

/// An IPv4 or IPv6 address as two words in reading order; IPv4 is held as `::ffff:a.b.c.d`, so
/// that one comparison serves both families and a dual-stack socket's mapped sources too.
package struct IPAddress: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An IPv4 address, its first number in the highest byte.
    package init(version4: UInt32) {
        self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(version4))
    }

    /// Reads `192.0.2.1` or `2001:db8::1`; a name, a zone (`%eth0`) or anything else is nil.
    package init?(_ text: String) {
        var version4 = in_addr()
        if unsafe inet_pton(AF_INET, text, &version4) == 1 {
            self.init(version4: UInt32(bigEndian: version4.s_addr))
            return
        }
        var version6 = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &version6) == 1 else { return nil }
        self.init(version6)
    }

    init(_ version6: in6_addr) {
        let words = unsafe unsafeBitCast(version6, to: (UInt64, UInt64).self)
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }

    /// Whether this is an IPv4 address, also one that reached an IPv6 socket.
    package var isVersion4: Bool { high == 0 && low >> 32 == 0xFFFF }

    var version4: in_addr { in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian) }

    var version6: in6_addr {
        unsafe unsafeBitCast((high.bigEndian, low.bigEndian), to: in6_addr.self)
    }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        let size = Int(INET6_ADDRSTRLEN)
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { text in
            if isVersion4 {
                var address = version4
                unsafe inet_ntop(AF_INET, &address, text.baseAddress!, socklen_t(size))
            } else {
                var address = version6
                unsafe inet_ntop(AF_INET6, &address, text.baseAddress!, socklen_t(size))
            }
            return unsafe String(cString: text.baseAddress!)
        }
    }
}
