import Threads

/// What `resume(after:)` did.
package enum Resumption: Equatable, Sendable {
    /// The position is the tail, or lies before it: nothing of what is in the ring is in the
    /// database. It has had `behind` bytes more than it has now, if that is not 0: it was restored
    /// or replaced. This is said once.
    case nothingToSkip(behind: UInt64)
    /// So many frames were in the database already.
    case skipped(frames: Int)
    /// The database has more than the ring ever knew of: everything was skipped, and the head moved
    /// on, for no position may be used twice. So it is where the file is an older copy, whose head
    /// has moved on at the opening.
    case jumped(frames: Int, from: UInt64)
}

/// For the consumer, which is one thread at a time.
extension Ring {
    /// Before a pin: where the ring is to drop the oldest, drops as many as the last pin would have
    /// needed room for, or while the next one lasts the newest would be dropped instead.
    ///
    /// - Parameter lost: called for each frame that has to go, under the lock: be short, and never
    ///   call the ring from it.
    /// - Returns: how many bytes of frames arrived during the last pin.
    package func makeRoom(lost: (borrowing Loss) -> Void) -> Int {
        state.withLock { state in
            let arrived = state.arrivedWhilePinned
            if defaultOverflow == .dropOldest { state.makeRoom(lost) }
            state.arrivedWhilePinned = 0
            return arrived
        }
    }

    /// Pins frames from the tail on, until one of the limits is reached; at least one frame, if
    /// there is any.
    ///
    /// While frames are pinned none of them is dropped, and as the oldest stand at the tail no
    /// room can be made: a full ring then drops the newest; see `makeRoom`. A writer that waits for a
    /// database that is away should `unpin`, and pin again afterwards; except after a COMMIT whose
    /// outcome it does not know yet, when it must keep the pin until it knows.
    ///
    /// - Returns: `nil` when the ring is empty.
    package func pin(byteLimit: Int, frameLimit: Int = .max) -> PinnedFrames? {
        precondition(byteLimit > 0 && frameLimit > 0)
        let all: (tail: Cursor, stretch: Stretch)? = state.withLock { state in
            precondition(state.pin == nil && !state.isClosed)
            guard state.frameCount > 0 else { return nil }
            let all = state.everything
            state.pin = all
            return (state.mark.tail, all)
        }
        guard let (tail, whole) = all else { return nil }
        var stretch = whole
        if whole.usedBytes > byteLimit || whole.frames.frames > UInt64(frameLimit) {
            // Without the lock: counting tens of thousands of frames takes its time.
            let part = measure(tail, Int(whole.frames.frames), byteLimit, frameLimit)
            state.withLock { $0.pin = part }
            stretch = part
        }
        return PinnedFrames(
            ring: self, first: tail, last: stretch.end, count: Int(stretch.frames.frames),
            byteCount: stretch.usedBytes)
    }

    /// Pins what has come behind the pinned frames as well.
    ///
    /// - Returns: those frames; `nil` when none have come, or nothing is pinned.
    package func pinMore() -> PinnedFrames? {
        let grown: (before: Stretch, now: Stretch)? = state.withLock { state in
            guard let before = state.pin, state.mark.head.position > before.end.position else {
                return nil
            }
            let all = state.everything
            state.pin = all
            return (before, all)
        }
        return grown.map { before, now in
            PinnedFrames(
                ring: self, first: before.end, last: now.end,
                count: Int((now.frames - before.frames).frames),
                byteCount: now.usedBytes - before.usedBytes)
        }
    }

    private func measure(
        _ tail: Cursor, _ frameCount: Int, _ byteLimit: Int, _ frameLimit: Int
    ) -> Stretch {
        var walked = Stretch(end: tail)
        var fitting = walked
        while walked.frames.frames < UInt64(min(frameCount, frameLimit)) {
            let entry = codec.trusted(at: walked.end)
            if case .frame = entry {
                walked.frames.add(unsafe codec.payload(at: walked.end.offset).count)
            }
            walked.end = codec.behind(entry, at: walked.end)
            walked.usedBytes += entry.bytes
            guard case .frame = entry else { continue }
            if walked.usedBytes > byteLimit && fitting.frames.frames > 0 { break }
            fitting = walked
        }
        return fitting
    }

    /// Gives the pinned frames back without releasing them: they can be dropped again.
    package func unpin() {
        state.withLock { $0.pin = nil }
        state.wakeAll()
    }

    /// Gives up everything before `position`, which is in the database now. What was pinned behind
    /// it stays pinned. What was staged for that position holds.
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
    /// first pin, and after every doubt. What was staged holds if it ends there or before, and is
    /// forgotten if it ends behind.
    ///
    /// - Parameter account: called for each record that it changes, under the lock: be short, and
    ///   never call the ring from it.
    @discardableResult
    package func resume(
        after position: UInt64, account: LedgerAccount = { _, _ in }
    ) throws(RingError) -> Resumption {
        let result = try state.withLock { (state) throws(RingError) in
            precondition(!state.isClosed)
            let result = try state.resume(after: position, account)
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
            hasFrames = state.frameCount > Int(state.pin?.frames.frames ?? 0)
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
        guard let found = find(position), found.end.position == position else {
            throw notABoundary(position)
        }
        if !ledger.release(to: position, found.frames) {
            ledger.release(to: position, codec.frames(from: mark.tail, to: found.end))
        }
        confirmation.record(position)
        advance(to: found)
    }

    mutating func resume(
        after position: UInt64, _ account: LedgerAccount
    ) throws(RingError) -> Resumption {
        // It may have been pinned for long, in doubt.
        arrivedWhilePinned = 0
        if position <= mark.tail.position {
            let confirmed = confirmation.position
            ledger.settle(at: position, { _ in }, account: account)
            confirmation.record(position)
            return .nothingToSkip(behind: confirmed > position ? confirmed - position : 0)
        }
        let isAhead = position > mark.head.position
        let copied = headOfCopy
        headOfCopy = nil
        guard position < RingLimits.positionMax, position % UInt64(Layout.alignment) == 0,
            let found = find(min(position, mark.head.position))
        else { throw notABoundary(position) }
        ledger.settle(
            at: position, codec.frames(from: mark.tail, to: found.end), account: account)
        confirmation.record(position)
        let head = mark.head.position
        advance(to: found)
        if !isAhead, let copied, position > copied {
            return .jumped(frames: Int(found.frames.frames), from: copied)
        }
        guard isAhead else { return .skipped(frames: Int(found.frames.frames)) }
        mark.head.position = position
        mark.tail = mark.head
        pin = nil
        publish()
        return .jumped(frames: Int(found.frames.frames), from: head)
    }

    private func notABoundary(_ position: UInt64) -> RingError {
        .notABoundary(position: position, tail: mark.tail.position, head: mark.head.position)
    }

    /// What lies between the tail and `position`; `nil` when that is within a frame or outside the
    /// ring. Within a marker it counts as behind it: frames were there once, and are damaged now.
    private func find(_ position: UInt64) -> Stretch? {
        if let pin, pin.end.position == position { return pin }
        guard position >= mark.tail.position, position <= mark.head.position else { return nil }
        var found = Stretch(end: mark.tail)
        while found.end.position < position {
            let entry = codec.trusted(at: found.end)
            let next = codec.behind(entry, at: found.end)
            if case .frame = entry {
                if next.position > position { return nil }
                found.frames.add(unsafe codec.payload(at: found.end.offset).count)
            }
            found.end = next
            found.usedBytes += entry.bytes
        }
        return found
    }

    /// Moves the tail; what is pinned behind it stays pinned.
    private mutating func advance(to found: Stretch) {
        let usedBefore = usedBytes
        mark.tail = found.end
        mark.framesGone += found.frames.frames
        usedBytes -= found.usedBytes
        payloadBytes -= Int(found.frames.bytes)
        tally.released = tally.released + found.frames
        skipMarkers()
        if var rest = pin {
            let isOver = found.frames.frames >= rest.frames.frames
            if !isOver { rest.frames = rest.frames - found.frames }
            rest.usedBytes -= usedBefore - usedBytes
            pin = isOver ? nil : rest
        }
        publish()
    }
}

extension EntryCodec {
    /// The frames between two places that this process knows to be entries.
    fileprivate func frames(from start: Cursor, to end: Cursor) -> FrameVisits {
        { visit in
            var cursor = start
            while cursor.position < end.position {
                let entry = trusted(at: cursor)
                if case .frame = entry {
                    let bytes = unsafe payload(at: cursor.offset).count
                    visit(cursor, info(at: cursor.offset).source, bytes)
                }
                cursor = behind(entry, at: cursor)
            }
        }
    }
}
