import Threads

/// How a ring stands at one moment.
package struct RingSnapshot: Equatable, Sendable {
    /// First position that is not released.
    package let tail: UInt64
    /// Next position to be written.
    package let head: UInt64
    /// Everything before it has reached the disk.
    package let syncedHead: UInt64
    /// Bytes of the area.
    package let capacity: Int
    /// Bytes of the area that are taken, with headers and markers.
    package let usedBytes: Int
    /// Frames in the ring.
    package let frameCount: Int
    /// When the oldest frame was received, in nanoseconds since 1970.
    package let oldestReceivedAt: Int64?
    /// What happened since the ring was opened.
    package let tally: RingTally
}

extension Ring {
    /// How the ring stands now; cheap enough for every status line.
    package func snapshot() -> RingSnapshot {
        let synced = syncedHead
        return state.withLock { state in
            let isEmpty = state.frameCount == 0
            return RingSnapshot(
                tail: state.mark.tail.position, head: state.mark.head.position, syncedHead: synced,
                capacity: state.codec.capacity, usedBytes: state.usedBytes,
                frameCount: state.frameCount,
                oldestReceivedAt: isEmpty
                    ? nil : state.codec.info(at: state.mark.tail.offset).receivedAt,
                tally: state.tally)
        }
    }
}
