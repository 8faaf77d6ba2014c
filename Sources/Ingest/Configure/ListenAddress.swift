/// Where a listener binds.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    package static let defaultPort: UInt16 = 8089
    package static let loopback = IPAddress(ipv4: 0x7f00_0001)

    package let address: IPAddress
    /// Zero lets the kernel pick one.
    package let port: UInt16

    package init(address: IPAddress = loopback, port: UInt16 = defaultPort) {
        self.address = address
        self.port = port
    }

    /// Reads `address:port`, `[v6]:port`, an address alone, or `:port` for the loopback address.
    ///
    /// Names are not looked up: what a name means may change behind the operator's back, and a
    /// socket that listens elsewhere than meant is a hole.
    package init?(_ text: String) {
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { return nil }
            let inside = text[text.index(after: text.startIndex)..<close]
            self.init(inside, port: text[text.index(after: close)...], brackets: true)
        } else if text.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1 {
            self.init(text[...], port: "", brackets: true)
        } else if let colon = text.firstIndex(of: ":") {
            self.init(text[..<colon], port: text[colon...], brackets: false)
        } else {
            self.init(text[...], port: "", brackets: false)
        }
    }

    private init?(_ host: Substring, port portText: Substring, brackets: Bool) {
        var port = Self.defaultPort
        if !portText.isEmpty {
            guard portText.first == ":", let number = readPort(portText.dropFirst()) else {
                return nil
            }
            port = number
        }
        if host.isEmpty && !brackets && !portText.isEmpty {
            self.init(port: port)
        } else if let address = IPAddress(String(host)), address.isIPv4 != brackets {
            self.init(address: address, port: port)
        } else {
            return nil
        }
    }

    package var description: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}

private func readPort(_ text: Substring) -> UInt16? {
    guard text.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
    return UInt16(text)
}
