/// Which sources a receiver listens to.
package struct AddressFilter: Equatable, Sendable {
    package let networks: [Network]

    /// - Parameter networks: the allowed ones; none at all allows every source.
    package init(networks: [Network] = []) {
        self.networks = networks
    }

    /// Networks are few, so a walk over them beats any index.
    @inline(__always)
    package func allows(_ source: IPAddress) -> Bool {
        if networks.isEmpty { return true }
        for network in networks where network.contains(source) { return true }
        return false
    }
}
