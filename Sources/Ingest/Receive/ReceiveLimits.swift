/// Every number that bounds the receiving of datagrams.
package enum ReceiveLimits {
    /// Where sensors send when nothing is said.
    package static let defaultPort: UInt16 = 8089
    /// Datagrams taken from the kernel with one call; a word has a bit for each.
    package static let batchCount = 64
    /// Bytes of the largest UDP payload over IPv4; IPv6 carries 20 more without jumbograms.
    package static let datagramMax = 65_527
    /// Milliseconds that a receiver waits for a datagram, so that it sees a request to stop.
    package static let patienceMilliseconds = 100
    /// Microseconds that datagrams gather when several have come at once, so that a receiver wakes for
    /// many of them instead of for a few. The kernel adds some 50 (timer slack, prctl(2)).
    static let gatherMicroseconds: UInt32 = 200
    /// The part of the socket's buffer of which datagrams may be that others are then waited for.
    static let gatherBufferPart = 16
    /// Bytes of kernel memory that a waiting datagram takes at least, be it ever so small.
    static let queuedSizeMin = 256
    /// Bytes that the kernel can be asked for: it doubles the figure and keeps it in an int.
    package static let receiveBufferMax = 1 << 30 - 1
}
