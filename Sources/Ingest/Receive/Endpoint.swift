import Glibc

/// An address and a UDP port: where to listen, or where to send.
package struct Endpoint: Hashable, Sendable {
    package let address: IPAddress
    package let port: UInt16

    package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Reads `127.0.0.1:8089`, `[::1]:8089`, or an address alone, which gets the default port.
    package init?(_ text: String, defaultPort: UInt16 = ReceiveLimits.defaultPort) {
        if let address = IPAddress(text) {
            self.init(address: address, port: defaultPort)
            return
        }
        var host = text[...]
        var port = defaultPort
        if let colon = text.lastIndex(of: ":"), text.last != "]" {
            let digits = text[text.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(digits)
            else { return nil }
            port = number
            host = text[..<colon]
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        // Without its brackets an IPv6 address would swallow the port, or lose its last part.
        guard host.contains(":") == isBracketed, let address = IPAddress(String(host)) else {
            return nil
        }
        self.init(address: address, port: port)
    }

    var family: CInt { address.isVersion4 ? AF_INET : AF_INET6 }

    /// Lends the address in the form that bind(2) and connect(2) take.
    func withSocketAddress<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        if address.isVersion4 {
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = port.bigEndian
            form.sin_addr = address.version4
            return unsafe withUnsafeBytes(of: &form) { bytes in
                unsafe body(
                    bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                    socklen_t(bytes.count))
            }
        }
        var form = sockaddr_in6()
        form.sin6_family = sa_family_t(AF_INET6)
        form.sin6_port = port.bigEndian
        form.sin6_addr = address.version6
        return unsafe withUnsafeBytes(of: &form) { bytes in
            unsafe body(
                bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }

    /// Reads what the kernel filled in; nil for a family other than IPv4 and IPv6.
    @inline(__always)
    init?(_ form: UnsafePointer<sockaddr_in6>) {
        // Family and port stand at the same place in both forms.
        switch unsafe CInt(form.pointee.sin6_family) {
        case AF_INET:
            // sockaddr_in holds its address where sockaddr_in6 has the flow information.
            let word = unsafe UInt32(bigEndian: form.pointee.sin6_flowinfo)
            address = IPAddress(version4: word)
        case AF_INET6: address = unsafe IPAddress(form.pointee.sin6_addr)
        default: return nil
        }
        port = unsafe UInt16(bigEndian: form.pointee.sin6_port)
    }
}

extension Endpoint: CustomStringConvertible {
    package var description: String {
        address.isVersion4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
