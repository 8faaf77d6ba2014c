/// The numbers that bound a ring. Sizes are bytes.
package enum RingLimits {
    /// The smallest area; less could not hold one useful datagram and its padding.
    package static let capacityMin = 4096

    /// The largest area: what one file of common file systems holds, far from any overflow.
    package static let capacityMax = 1 << 42

    /// The largest payload of any ring; a small ring's own limit is `Ring.frameBytesMax`.
    package static let payloadBytesMax = 1 << 20

    /// How many names the registry of sources holds; frames carry their index.
    package static let sourceCountMax = 256

    /// The longest name of a source, in bytes of UTF-8.
    package static let sourceNameBytesMax = 96

    /// Bytes of the area that frames never take, so that there is always room for a jump marker
    /// after a power cut.
    static let reservedBytes = 64

    /// Where positions end: a file that says more is damaged. 8 EiB are never reached by writing.
    static let positionMax: UInt64 = 1 << 63

    /// How many damaged ranges a report lists one by one; the totals are exact beyond that.
    package static let damageListedMax = 1000
}
