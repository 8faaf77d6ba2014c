import Threads

/// How far a batch has come: so many of its arrivals are dealt with, and so many frames ever came into
/// the ring.
///
/// A ring that is opened after a kill has every whole frame, published or not. So before an arrival's
/// frame is begun, this is told; what is one frame ahead of it then has that one too.
package struct Publication: Sendable {
    package let ring: RingIdentity
    package let arrivals: Int
    package let framesEver: UInt64

    package init(ring: RingIdentity, arrivals: Int, framesEver: UInt64) {
        self.ring = ring
        self.arrivals = arrivals
        self.framesEver = framesEver
    }
}

extension Ring {
    /// Puts a batch of payloads into the ring under one lock.
    ///
    /// - Parameters:
    ///   - arrivals: each is either accepted or reported to `lost`.
    ///   - source: what the ring calls their source, if that is not what they say.
    ///   - overflow: what to do when the ring is full, instead of what the ring was opened with.
    ///   - publishing: called before each arrival and after the last, before anything of it can be
    ///     found in the file, under the lock.
    ///   - lost: called once for each payload that is dropped, and each older frame that had to
    ///     make room. It runs under the lock: be short, and never call the ring from it.
    /// - Returns: how many arrivals were dealt with: all, except under `Overflow.stop`.
    @discardableResult
    package func append(
        _ arrivals: Span<Arrival>, source: UInt16? = nil, overflow: Overflow? = nil,
        publishing: (Publication) -> Void = { _ in }, lost: (borrowing Loss) -> Void
    ) -> Int {
        let overflow = overflow ?? defaultOverflow
        var done = 0
        state.withLock { state in
            precondition(!state.isClosed)
            let before = state.mark
            while done < arrivals.count {
                publishing(
                    Publication(ring: identity, arrivals: done, framesEver: state.mark.framesEver))
                var arrival = arrivals[done]
                if let source { arrival.info.source = source }
                guard state.append(arrival, done, overflow, frameBytesMax, lost) else {
                    break
                }
                done += 1
            }
            guard state.mark != before else { return }
            publishing(
                Publication(ring: identity, arrivals: done, framesEver: state.mark.framesEver))
            state.publish()
            publishHead(state.mark.head.position)
        }
        state.wakeAll()
        return done
    }

    /// Lends the place where the payload of the next frame will stand, so that it can be made there:
    /// what `append` finds in its place it does not copy. For a ring with one producer, which owns the
    /// place until its next call to the ring.
    ///
    /// - Parameter bytes: how long the payload can become; a shorter one may begin elsewhere, and is
    ///   copied then.
    /// - Returns: `nil` as long as there is no room.
    package func lend(bytes: Int) -> UnsafeMutableRawBufferPointer? {
        precondition(bytes <= frameBytesMax)
        return unsafe state.withLock { state in
            let room = state.room(for: Layout.frameBytes(payload: bytes))
            guard room.fits else { return nil }
            let start = room.padding > 0 ? 0 : state.mark.head.offset
            return unsafe codec.area.room(start + Layout.frameHeaderBytes, bytes)
        }
    }

    /// How many frames ever came into it.
    package var framesEver: UInt64 { state.withLock { $0.mark.framesEver } }

    /// Waits until every frame is released, or `patience` is over.
    package func waitUntilEmpty(atMost patience: Duration) -> Bool {
        state.wait(atMost: patience) { $0.frameCount == 0 }
    }

    /// Waits until a payload of `bytes` would fit, or `patience` is over.
    package func waitForSpace(bytes: Int, atMost patience: Duration) -> Bool {
        precondition(bytes <= frameBytesMax)
        let frame = Layout.frameBytes(payload: bytes)
        return state.wait(atMost: patience) { $0.room(for: frame).fits }
    }
}

extension State {
    /// - Returns: whether the arrival was dealt with, in whatever way.
    fileprivate mutating func append(
        _ arrival: Arrival, _ index: Int, _ overflow: Overflow, _ payloadBytesMax: Int,
        _ lost: (borrowing Loss) -> Void
    ) -> Bool {
        let payload = unsafe arrival.payload
        guard payload.count <= payloadBytesMax else {
            tally.tooLarge.add(payload.count)
            unsafe lost(
                Loss(reason: .tooLarge, index: index, info: arrival.info, payload: payload))
            return true
        }
        let bytes = Layout.frameBytes(payload: payload.count)
        if pin != nil { arrivedWhilePinned += bytes }
        var room = room(for: bytes)
        if !room.fits, overflow == .dropOldest, isOldestFree {
            while !room.fits {
                dropOldest(lost)
                room = self.room(for: bytes)
            }
            // Before their bytes are overwritten, the file must not call them frames any more.
            publish()
        }
        if !room.fits {
            if overflow == .stop { return false }
            tally.droppedNewest.add(payload.count)
            unsafe lost(
                Loss(reason: .droppedNewest, index: index, info: arrival.info, payload: payload))
            return true
        }
        write(arrival, bytes: bytes, padding: room.padding)
        return true
    }
}
