import Threads

/// What `resume(after:)` did.
package enum Resumption: Equatable, Sendable {
    /// The position is the tail, or lies before it: nothing of what is in the ring is in the
    /// database. With `behind` bytes between them, the database may have been restored.
    case nothingToSkip(behind: UInt64)
    /// So many frames were in the database already.
    case skipped(frames: Int)
    /// The database has more than the ring ever knew of: everything was skipped, and the head moved
    /// on, for no position may be used twice.
    case jumped(frames: Int, from: UInt64)
}

/// For the consumer, which is one thread at a time.
extension Ring {
    /// Pins frames from the tail on, until one of the limits is reached; at least one frame, if
    /// there is any.
    ///
    /// While frames are pinned none of them is dropped, and as the oldest stand at the tail no
    /// room can be made: a full ring then drops the newest. So a writer that waits for a database
    /// that is away should `unpin`, and pin again afterwards; except after a COMMIT whose outcome
    /// it does not know yet, when it must keep the pin until it knows.
    ///
    /// - Returns: `nil` when the ring is empty.
    package func pin(byteLimit: Int, frameLimit: Int = .max) -> PinnedFrames? {
        precondition(byteLimit > 0 && frameLimit > 0)
        let mark: Mark? = state.withLock { state in
            precondition(state.pinnedFrames == 0 && !state.isClosed)
            state.pinnedFrames = state.frameCount
            return state.frameCount > 0 ? state.mark : nil
        }
        guard let mark else { return nil }
        // Without the lock: counting tens of thousands of frames takes its time.
        let frames = measure(mark, byteLimit, frameLimit)
        state.withLock { $0.pinnedFrames = frames.count }
        return frames
    }

    private func measure(_ mark: Mark, _ byteLimit: Int, _ frameLimit: Int) -> PinnedFrames {
        let all = PinnedFrames(
            ring: self, first: mark.tail, last: mark.head,
            count: Int(mark.framesEver - mark.framesGone),
            byteCount: mark.bytes(capacity: capacity))
        if all.count <= frameLimit && all.byteCount <= byteLimit { return all }
        var cursor = mark.tail
        var last = cursor
        var count = 0
        var (bytes, bytesToLast) = (0, 0)
        while count < min(all.count, frameLimit) {
            let entry = codec.trusted(at: cursor)
            cursor = codec.behind(entry, at: cursor)
            bytes += entry.bytes
            guard case .frame = entry else { continue }
            if bytes > byteLimit && count > 0 { break }
            count += 1
            (last, bytesToLast) = (cursor, bytes)
        }
        return PinnedFrames(
            ring: self, first: mark.tail, last: last, count: count, byteCount: bytesToLast)
    }

    /// Gives the pinned frames back without releasing them: they can be dropped again.
    package func unpin() {
        state.withLock { $0.pinnedFrames = 0 }
        state.wakeAll()
    }

    /// Gives up everything before `position`, which is in the database now. What was pinned behind
    /// it stays pinned.
    ///
    /// - Throws: `notABoundary`, and changes nothing, unless a frame ends at `position`.
    package func release(to position: UInt64) throws(RingError) {
        try state.withLock { (state) throws(RingError) in
            precondition(!state.isClosed)
            try state.release(to: position)
        }
        state.wakeAll()
    }

    /// Takes up the work where the database says that it stands: once after opening, before the
    /// first pin, and after every doubt.
    package func resume(after position: UInt64) throws(RingError) -> Resumption {
        let result = try state.withLock { (state) throws(RingError) in
            precondition(!state.isClosed)
            let result = try state.resume(after: position)
            publishHead(state.mark.head.position)
            return result
        }
        state.wakeAll()
        return result
    }

    /// Waits until there are frames behind the pinned ones, or somebody calls `wake`.
    ///
    /// - Returns: whether there are frames.
    package func waitForFrames(atMost patience: Duration) -> Bool {
        var hasFrames = false
        _ = state.wait(atMost: patience) { state in
            hasFrames = state.frameCount > state.pinnedFrames
            defer { state.isWoken = false }
            return hasFrames || state.isWoken
        }
        return hasFrames
    }

    /// Ends the consumer's wait, or its next one if it does not wait now.
    package func wake() {
        state.withLock { $0.isWoken = true }
        state.wakeAll()
    }
}

extension State {
    mutating func release(to position: UInt64) throws(RingError) {
        if position == mark.tail.position { return }
        guard let found = find(position), found.isBoundary else {
            throw .notABoundary(
                position: position, tail: mark.tail.position, head: mark.head.position)
        }
        advance(to: found)
    }

    mutating func resume(after position: UInt64) throws(RingError) -> Resumption {
        if position <= mark.tail.position {
            return .nothingToSkip(behind: mark.tail.position - position)
        }
        if position > mark.head.position {
            guard position < RingLimits.positionMax, position % UInt64(Layout.alignment) == 0 else {
                throw .notABoundary(
                    position: position, tail: mark.tail.position, head: mark.head.position)
            }
            let before = mark.head.position
            let frames = frameCount
            if let all = find(before) { advance(to: all) }
            mark.head.position = position
            mark.tail = mark.head
            pinnedFrames = 0
            publish()
            return .jumped(frames: frames, from: before)
        }
        guard let found = find(position) else {
            throw .notABoundary(
                position: position, tail: mark.tail.position, head: mark.head.position)
        }
        advance(to: found)
        return .skipped(frames: Int(found.released.frames))
    }

    private struct Found {
        var cursor: Cursor
        var released = FrameCount()
        var usedBytes = 0
        /// An entry ends exactly there. Otherwise `cursor` is the end of the marker within which
        /// the position lies: frames were there once, and are damaged now.
        var isBoundary = true
    }

    /// Walks from the tail to `position`; `nil` when that lies within a frame or outside the ring.
    private func find(_ position: UInt64) -> Found? {
        guard position >= mark.tail.position, position <= mark.head.position else { return nil }
        var found = Found(cursor: mark.tail)
        while found.cursor.position < position {
            let entry = codec.trusted(at: found.cursor)
            let next = codec.behind(entry, at: found.cursor)
            if case .frame = entry {
                if next.position > position { return nil }
                unsafe found.released.add(codec.payload(at: found.cursor.offset).count)
            }
            found.isBoundary = next.position <= position
            found.cursor = next
            found.usedBytes += entry.bytes
        }
        return found
    }

    /// Moves the tail; what is pinned behind it stays pinned.
    private mutating func advance(to found: Found) {
        mark.tail = found.cursor
        mark.framesGone += found.released.frames
        usedBytes -= found.usedBytes
        tally.released = tally.released + found.released
        pinnedFrames = max(0, pinnedFrames - Int(found.released.frames))
        skipMarkers()
        publish()
    }
}
