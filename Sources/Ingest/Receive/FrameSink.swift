package import Ring

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
    /// Takes the frames of one batch, in order, copying what it keeps: the payloads lie in the
    /// receiver's slab and are only there during the call.
    ///
    /// Called by the receiver's thread once per batch that has any frame; must not wait for the
    /// database.
    ///
    /// - Parameter landing: where the frames' datagrams are; it is told before a ring has them.
    /// - Returns: what was dropped *of these frames* because there was no room.
    func append(_ arrivals: Span<Arrival>, from landing: Landing?) -> ReceiveTally.Count

    /// Writes down what became of a turn's datagrams, after its frames, if it had any, were appended.
    func count(_ tally: ReceiveTally, source: UInt16)
}
