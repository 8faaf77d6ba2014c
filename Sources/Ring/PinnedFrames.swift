/// Frames from the tail on that stay where they are until they are unpinned or released.
///
/// It can be walked several times, which is how a batch that failed is tried again.
package struct PinnedFrames: Sequence {
    let ring: Ring
    private let first: Cursor
    private let last: Cursor
    /// How many frames.
    package let count: Int
    /// Bytes of the ring that they take, with their headers.
    package let byteCount: Int

    init(ring: Ring, first: Cursor, last: Cursor, count: Int, byteCount: Int) {
        self.ring = ring
        self.first = first
        self.last = last
        self.count = count
        self.byteCount = byteCount
    }

    /// Where the first frame begins.
    package var start: UInt64 { first.position }

    /// Behind the last frame: what `release(to:)` takes when all of them are done.
    package var end: UInt64 { last.position }

    /// From the oldest frame to the newest.
    package func makeIterator() -> FrameIterator {
        FrameIterator(codec: ring.codec, cursor: first, remaining: count)
    }
}

/// Walks over pinned frames without the lock.
package struct FrameIterator: IteratorProtocol {
    let codec: EntryCodec
    var cursor: Cursor
    var remaining: Int

    /// The next frame; its payload points into the mapping.
    package mutating func next() -> Frame? {
        guard remaining > 0 else { return nil }
        while true {
            let entry = codec.trusted(at: cursor)
            let start = cursor
            cursor = codec.behind(entry, at: start)
            guard case .frame = entry else { continue }
            remaining -= 1
            return unsafe Frame(
                info: codec.info(at: start.offset), position: start.position,
                end: cursor.position, payload: codec.payload(at: start.offset))
        }
    }
}
