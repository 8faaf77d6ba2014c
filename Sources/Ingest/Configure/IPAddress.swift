import Glibc

/// An IPv4 or IPv6 address, small enough to be compared for every datagram.
///
/// An IPv4 address is kept in its IPv6-mapped form (`::ffff:a.b.c.d`), so that a sender looks the
/// same whether it reached an IPv4 socket or an IPv6 socket that takes both.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// Network order read as numbers: the first eight bytes and the last eight.
    package let high: UInt64
    package let low: UInt64

    @inlinable
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter bits: in host order, so 127.0.0.1 is `0x7f00_0001`.
    @inlinable
    package init(ipv4 bits: UInt32) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(bits))
    }

    @inlinable package var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// Reads `127.0.0.1` or `::1`; `nil` for everything else, names and zones included.
    package init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            self.init(ipv4: UInt32(bigEndian: four.s_addr))
        } else if unsafe inet_pton(AF_INET6, text, &six) == 1 {
            self.init(six)
        } else {
            return nil
        }
    }

    package init(_ address: in6_addr) {
        let (high, low) = unsafe withUnsafeBytes(of: address) { bytes in
            unsafe (
                bytes.loadUnaligned(as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
    }

    /// The form that an IPv6 socket wants; an IPv4 address is mapped there.
    package var in6: in6_addr {
        var address = in6_addr()
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }

    /// The form that an IPv4 socket wants; only for IPv4 addresses.
    package var in4: in_addr {
        precondition(isIPv4, "not an IPv4 address")
        return in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
    }

    package var description: String {
        let size = 64  // INET6_ADDRSTRLEN is 46.
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
            if isIPv4 {
                var address = in4
                unsafe inet_ntop(AF_INET, &address, buffer.baseAddress!, socklen_t(size))
            } else {
                var address = in6
                unsafe inet_ntop(AF_INET6, &address, buffer.baseAddress!, socklen_t(size))
            }
            return unsafe String(cString: buffer.baseAddress!)
        }
    }
}
