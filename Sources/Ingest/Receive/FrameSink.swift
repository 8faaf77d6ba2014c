/// One datagram on its way into the ring.
///
/// The payload lies in the receiver's slab and is only there during `append`.
@safe
package struct ReceivedFrame {
    // Safe to pass around: only reading the payload is not, and that is marked where it happens.
    package let payload: UnsafeRawBufferPointer
    /// Nanoseconds since 1970 at which the kernel received it.
    package let receivedAt: Int64
}

/// What all frames of one receiver have in common; opaque to the ring.
package struct FrameOrigin: Equatable, Sendable {
    package let source: UInt16
    package let attributes: UInt16

    package init(source: UInt16, attributes: UInt16) {
        self.source = source
        self.attributes = attributes
    }
}

/// Where a receiver puts what it accepted: a ring in production, memory in tests.
package protocol FrameSink: Sendable {
    /// Takes the frames of one batch, in order, copying what it keeps.
    ///
    /// Called by the receiver's thread once per batch that has any frame; must not wait for the
    /// database.
    ///
    /// - Returns: what was dropped *of these frames* because there was no room.
    func append(
        _ frames: UnsafeBufferPointer<ReceivedFrame>, from origin: FrameOrigin
    ) -> ReceiveTally.Count
}
