/// A network in CIDR form, or a single address.
package struct Network: Sendable, Hashable, CustomStringConvertible {
    package let address: IPAddress
    /// As written: of 32 bits for IPv4, of 128 for IPv6.
    package let prefixLength: Int

    @usableFromInline let highMask: UInt64
    @usableFromInline let lowMask: UInt64

    /// - Returns: `nil` when the prefix is longer than the address, or when the address has bits
    ///   behind its prefix: then it is not clear which of the two was meant.
    package init?(_ address: IPAddress, prefixLength: Int) {
        let width = address.isIPv4 ? 32 : 128
        guard (0...width).contains(prefixLength) else { return nil }
        let ones = 128 - width + prefixLength
        highMask = ones >= 64 ? .max : ~(UInt64.max >> UInt64(ones))
        lowMask = ones <= 64 ? 0 : ~(UInt64.max >> UInt64(ones - 64))
        guard address.high & ~highMask == 0, address.low & ~lowMask == 0 else { return nil }
        self.address = address
        self.prefixLength = prefixLength
    }

    /// Whether this sender is one of the network. `::/0` is every IPv6 address and no IPv4 one.
    @inlinable
    package func contains(_ sender: IPAddress) -> Bool {
        sender.high & highMask == address.high
            && sender.low & lowMask == address.low
            && sender.isIPv4 == address.isIPv4
    }

    package var description: String {
        prefixLength == (address.isIPv4 ? 32 : 128) ? "\(address)" : "\(address)/\(prefixLength)"
    }

    /// Why a text is not a network.
    enum Refusal: Error, Equatable {
        case notANetwork
        /// The network that its prefix names.
        case bitsBehindPrefix(Network)
    }

    /// Reads `10.0.0.0/8`, `fd00::/8` or an address alone.
    init(parsing text: String) throws(Refusal) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { throw .notANetwork }
        let width = address.isIPv4 ? 32 : 128
        guard parts.count == 2 else {
            self = Network(address, prefixLength: width)!
            return
        }
        guard parts[1].allSatisfy({ ("0"..."9").contains($0) }), let length = Int(parts[1]),
            length <= width
        else { throw .notANetwork }
        if let network = Network(address, prefixLength: length) {
            self = network
        } else {
            throw .bitsBehindPrefix(Network(address.masked(to: length), prefixLength: length)!)
        }
    }
}

extension IPAddress {
    /// The address with everything behind the prefix cleared.
    fileprivate func masked(to prefixLength: Int) -> IPAddress {
        let ones = (isIPv4 ? 96 : 0) + prefixLength
        let highMask = ones >= 64 ? .max : ~(UInt64.max >> UInt64(ones))
        let lowMask = ones <= 64 ? 0 : ~(UInt64.max >> UInt64(ones - 64))
        return IPAddress(high: high & highMask, low: low & lowMask)
    }
}
