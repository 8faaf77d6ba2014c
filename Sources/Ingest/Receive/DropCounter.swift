/// Turns the kernel's 32-bit drop counter of a socket into growth that never wraps.
///
/// The counter arrives on two ways: with each datagram, as it stood when that datagram was
/// queued, and on request, as it stands now. The first may be older than what the second has
/// already told, so a step backwards is ignored rather than taken for a wrap.
package struct DropCounter: Equatable, Sendable {
    private var last: UInt32

    /// - Parameter start: the counter when this process took the socket over.
    package init(start: UInt32) {
        last = start
    }

    /// The drops since the last call that told any.
    package mutating func growth(to counter: UInt32) -> UInt64 {
        let step = Int32(bitPattern: counter &- last)
        guard step > 0 else { return 0 }
        last = counter
        return UInt64(step)
    }
}
