/// How many, and how many bytes of payload.
package struct FrameCount: Equatable, Sendable {
    package var frames: UInt64 = 0
    package var bytes: UInt64 = 0

    /// Nothing yet.
    package init(frames: UInt64 = 0, bytes: UInt64 = 0) {
        self.frames = frames
        self.bytes = bytes
    }

    mutating func add(_ payloadBytes: Int) {
        frames += 1
        bytes += UInt64(payloadBytes)
    }

    mutating func subtract(_ payloadBytes: Int) {
        frames -= 1
        bytes -= UInt64(payloadBytes)
    }

    /// Whether `part` can be taken away.
    func holds(_ part: FrameCount) -> Bool { frames >= part.frames && bytes >= part.bytes }

    /// What is left without `part`, and nothing where that is more: for figures from a file.
    func less(_ part: FrameCount) -> FrameCount {
        FrameCount(
            frames: frames - min(frames, part.frames), bytes: bytes - min(bytes, part.bytes))
    }

    func wrappingMore(_ part: FrameCount) -> FrameCount {
        FrameCount(frames: frames &+ part.frames, bytes: bytes &+ part.bytes)
    }

    func wrappingLess(_ part: FrameCount) -> FrameCount {
        FrameCount(frames: frames &- part.frames, bytes: bytes &- part.bytes)
    }

    package static func + (left: FrameCount, right: FrameCount) -> FrameCount {
        FrameCount(frames: left.frames + right.frames, bytes: left.bytes + right.bytes)
    }

    package static func - (left: FrameCount, right: FrameCount) -> FrameCount {
        FrameCount(frames: left.frames - right.frames, bytes: left.bytes - right.bytes)
    }
}

/// What became of everything that was offered since the ring was opened:
/// `offered = accepted + droppedNewest + tooLarge`, and
/// `accepted + recovered = released + droppedOldest + in the ring`.
package struct RingTally: Equatable, Sendable {
    /// Went into the ring, even if dropped as the oldest later.
    package var accepted = FrameCount()
    /// Did not go in because the ring was full.
    package var droppedNewest = FrameCount()
    /// Were in the ring and had to make room.
    package var droppedOldest = FrameCount()
    /// Larger than `Ring.frameBytesMax`.
    package var tooLarge = FrameCount()
    /// Left the ring because they are in the database.
    package var released = FrameCount()

    /// All zero.
    package init() {}
}

/// What happens to a payload that finds the ring full.
package enum Overflow: Sendable {
    /// It is dropped and counted.
    case dropNewest
    /// The oldest frames make room, and are counted. While frames are pinned none of them can go,
    /// and the payload itself is dropped.
    case dropOldest
    /// `append` ends before it, and its caller waits: for sources that can.
    case stop
}

/// A payload that `append` dropped, lent for the duration of the callback.
@safe
package struct Loss {
    // Safe: exists only as an argument of a callback that runs while the bytes stay.
    package enum Reason: Sendable {
        case droppedNewest, droppedOldest, tooLarge
    }

    package let reason: Reason
    /// Which of the arrivals; `nil` for a frame that was in the ring before.
    package let index: Int?
    package let info: FrameInfo
    package let payload: UnsafeRawBufferPointer
}
