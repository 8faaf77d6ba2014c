/// A network in CIDR form, IPv4 or IPv6: `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct Network: Hashable, Sendable {
    /// The first address of the network: bits behind the prefix are 0.
    package let first: IPAddress
    /// Leading bits that count, of the 128 of an IPv6 address: an IPv4 `/8` is 104.
    package let prefixLength: Int
    private let maskHigh: UInt64
    private let maskLow: UInt64

    /// Reads a network; bits behind the prefix may be set and are ignored, as in `ip route`.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        // An IPv4 address written in IPv6's way counts its prefix in IPv6's way.
        let isDotted = address.isVersion4 && !parts[0].contains(":")
        let lengthMax = isDotted ? 32 : 128
        var length = lengthMax
        if parts.count == 2 {
            guard let number = Self.decimal(parts[1]), number <= lengthMax else { return nil }
            length = number
        }
        self.init(address, prefixLength: isDotted ? length + 96 : length)
    }

    /// - Parameter prefixLength: 0...128, also for IPv4.
    package init(_ address: IPAddress, prefixLength: Int) {
        precondition((0...128).contains(prefixLength))
        self.prefixLength = prefixLength
        // Swift's `<<` on whole words gives 0 when the shift is as wide as the word.
        maskHigh = ~UInt64(0) << max(0, 64 - prefixLength)
        maskLow = ~UInt64(0) << min(64, 128 - prefixLength)
        first = IPAddress(high: address.high & maskHigh, low: address.low & maskLow)
    }

    /// Whether `address` lies in this network. `::/0` means IPv6 alone: IPv4 sources have their
    /// own `0.0.0.0/0`, although both are held in the same form.
    package func contains(_ address: IPAddress) -> Bool {
        let difference =
            ((address.high ^ first.high) & maskHigh) | ((address.low ^ first.low) & maskLow)
        return difference == 0 && (prefixLength >= 96 || !address.isVersion4)
    }

    /// Digits alone: `Int("+8")` would be taken otherwise.
    private static func decimal(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}

extension Network: CustomStringConvertible {
    package var description: String {
        if first.isVersion4 && prefixLength >= 96 { return "\(first)/\(prefixLength - 96)" }
        return "\(first)/\(prefixLength)"
    }
}
