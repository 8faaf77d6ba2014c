/// Entries from the tail on.
struct Stretch: Sendable {
    /// Behind the last of them.
    var end: Cursor
    var frames = FrameCount()
    /// Bytes of the area.
    var usedBytes = 0
}

/// What producers and the consumer share; only touched under the ring's lock.
struct State: Sendable {
    let codec: EntryCodec
    var mark: Mark
    var usedBytes: Int
    var slots: Slots
    var sources: SourceRegistry
    var confirmation: Confirmation
    var ledger: OutcomeLedger
    var tally = RingTally()
    /// Payloads of all frames in the ring.
    var payloadBytes: Int
    /// What the consumer looks at without the lock, from the tail on: it stays.
    var pin: Stretch?
    /// Bytes of frames that arrived while the consumer had its present or last pin, whether they
    /// went in or not.
    var arrivedWhilePinned = 0
    /// Where the head was in a file that is a copy, until the database has said how far it is.
    var headOfCopy: UInt64?
    var isWoken = false
    var isClosed = false

    var frameCount: Int { Int(mark.framesEver - mark.framesGone) }

    /// All frames that are there.
    var everything: Stretch {
        let frames = FrameCount(frames: UInt64(frameCount), bytes: UInt64(payloadBytes))
        return Stretch(end: mark.head, frames: frames, usedBytes: usedBytes)
    }

    /// Stores tail and head where they survive this process.
    mutating func publish() {
        slots.write(mark.words)
    }

    /// Whether nobody looks at the oldest frame, and it is certainly not in the database.
    var isOldestFree: Bool { pin == nil && mark.tail.position >= ledger.heldUntil }

    /// Takes the oldest frame out. There must be one, and it must be free.
    mutating func dropOldest(_ lost: (borrowing Loss) -> Void) {
        precondition(isOldestFree && frameCount > 0)
        let offset = mark.tail.offset
        let entry = codec.trusted(at: mark.tail)
        let payload = unsafe codec.payload(at: offset)
        let info = codec.info(at: offset)
        tally.droppedOldest.add(payload.count)
        payloadBytes -= payload.count
        ledger.dropped(info.source, bytes: payload.count)
        lost(unsafe Loss(reason: .droppedOldest, index: nil, info: info, payload: payload))
        usedBytes -= entry.bytes
        mark.tail = codec.behind(entry, at: mark.tail)
        mark.framesGone += 1
        skipMarkers()
    }

    /// Makes as much room as would have been needed during the last pin.
    mutating func makeRoom(_ lost: (borrowing Loss) -> Void) {
        let wanted = min(arrivedWhilePinned, codec.capacity / 2)
        var isChanged = false
        while frameCount > 0, isOldestFree,
            codec.capacity - RingLimits.reservedBytes - usedBytes < wanted
        {
            dropOldest(lost)
            isChanged = true
        }
        if isChanged { publish() }
    }

    /// Keeps the tail on a frame, or on the head: the markers before a frame hold nothing.
    mutating func skipMarkers() {
        while usedBytes > 0 {
            let entry = codec.trusted(at: mark.tail)
            if case .frame = entry { return }
            usedBytes -= entry.bytes
            mark.tail = codec.behind(entry, at: mark.tail)
        }
    }

    /// Whether a frame of `bytes` goes in as things are, and the padding that it needs before it.
    func room(for bytes: Int) -> (fits: Bool, padding: Int) {
        let rest = codec.capacity - mark.head.offset
        let padding = bytes <= rest ? 0 : rest
        return (usedBytes + padding + bytes <= codec.capacity - RingLimits.reservedBytes, padding)
    }

    /// Puts a frame at the head, behind the `padding` that takes it to the start of the area.
    mutating func write(_ arrival: Arrival, bytes: Int, padding: Int) {
        if padding > 0 {
            // Shorter than a frame, hence never too long for one marker.
            codec.writePadding(padding, at: mark.head)
            mark.head = mark.head.advanced(by: padding, capacity: codec.capacity)
            usedBytes += padding
            if frameCount == 0 { skipMarkers() }
        }
        codec.writeFrame(arrival, at: mark.head)
        mark.head = mark.head.advanced(by: bytes, capacity: codec.capacity)
        usedBytes += bytes
        mark.framesEver += 1
        let count = unsafe arrival.payload.count
        payloadBytes += count
        ledger.appended(arrival.info.source, bytes: count)
        tally.accepted.add(count)
    }
}

extension EntryCodec {
    /// The payload of the frame that begins at `offset`.
    func payload(at offset: Int) -> UnsafeRawBufferPointer {
        let length = Int(area.load32(offset) & 0xFF_FFFF)
        return unsafe area.bytes(offset + Layout.frameHeaderBytes, length)
    }
}
