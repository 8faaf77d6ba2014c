/// What became of everything that one receiver saw. Counts are of datagrams; the law is
/// `datagrams = accepted + overflow + truncated + refused + empty`, and the same in bytes.
package struct ReceiveTally: Equatable, Sendable {
    /// A number of datagrams and the bytes of their payload.
    package struct Count: Equatable, Sendable {
        package var datagrams: UInt64 = 0
        package var bytes: UInt64 = 0

        package init(datagrams: UInt64 = 0, bytes: UInt64 = 0) {
            self.datagrams = datagrams
            self.bytes = bytes
        }

        @inline(__always)
        mutating func add(_ size: Int) {
            datagrams &+= 1
            bytes &+= UInt64(size)
        }

        static func += (total: inout Count, more: Count) {
            total.datagrams &+= more.datagrams
            total.bytes &+= more.bytes
        }

        static func + (one: Count, other: Count) -> Count {
            var sum = one
            sum += other
            return sum
        }

        /// Wraps: a negative difference is one in two's complement.
        static func - (one: Count, other: Count) -> Count {
            Count(
                datagrams: one.datagrams &- other.datagrams, bytes: one.bytes &- other.bytes)
        }
    }

    /// All that the kernel handed over.
    package var received = Count()
    /// In the ring.
    package var accepted = Count()
    /// Dropped as the newest because the ring was full.
    package var overflow = Count()
    /// Larger than the largest datagram allowed; bytes as sent, so far as the kernel tells.
    package var truncated = Count()
    /// From a source outside the allowed networks.
    package var refused = Count()
    /// Without a payload; nothing to keep.
    package var empty = Count()
    /// Dropped by the kernel before they could be received. Not part of `received`.
    package var kernelDropped: UInt64 = 0
    /// Who sent the last one that was too large.
    package var truncatedSender: IPAddress?
    /// Who sent the last one that was refused.
    package var refusedSender: IPAddress?

    package init() {}

    package static func += (total: inout ReceiveTally, more: ReceiveTally) {
        total.received += more.received
        total.accepted += more.accepted
        total.overflow += more.overflow
        total.truncated += more.truncated
        total.refused += more.refused
        total.empty += more.empty
        total.kernelDropped &+= more.kernelDropped
        total.truncatedSender = more.truncatedSender ?? total.truncatedSender
        total.refusedSender = more.refusedSender ?? total.refusedSender
    }

    /// Moves what found no room from the accepted to the overflow.
    mutating func settle(overflow dropped: Count) {
        precondition(dropped.datagrams <= accepted.datagrams && dropped.bytes <= accepted.bytes)
        accepted.datagrams -= dropped.datagrams
        accepted.bytes -= dropped.bytes
        overflow = dropped
    }
}
