/// A stretch of the ring that held no whole frame though one should have been there.
package struct Damage: Equatable, Sendable {
    /// Why the bytes are not frames of the ring any more.
    package enum Kind: Equatable, Sendable {
        /// A frame whose header is whole but whose payload is not: exactly one frame is lost.
        case payload
        /// No header could be read; whole frames were found behind.
        case unreadable
        /// At the head, with nothing whole behind: it was cut off.
        case tornHead
    }

    package let kind: Kind
    /// Position of the first bad byte.
    package let position: UInt64
    /// Where it lies in the file.
    package let fileOffset: Int
    /// Bytes of the area, around whose end it may go.
    package let bytes: Int
    /// Whose frame it was, where that can still be read.
    package let source: UInt16?
}

/// What a walk over the area found. Pure reading: nothing is changed, whatever stands there.
struct Survey: Sendable {
    struct Gap: Sendable {
        var start: Cursor
        var bytes: Int
        /// The position of what comes behind it.
        var nextPosition: UInt64
        var kind: Damage.Kind
        /// Whose frame it was, if a header says so.
        var source: UInt16?
    }

    private let codec: EntryCodec
    private let mark: Mark
    /// Nothing that was stored can be missing: the page cache was never lost since.
    private let isVouched: Bool
    /// Bytes from the tail to the head, as far as the mark knows.
    private let markedBytes: Int

    private(set) var cursor: Cursor
    private(set) var usedBytes = 0
    private(set) var frames = 0
    private(set) var payloadBytes = 0
    private(set) var oldest: Int64?
    private(set) var newest: Int64?
    /// The last entry, when it is a jump marker.
    private(set) var jumpAtHead: Cursor?
    private(set) var gaps: [Gap] = []
    /// By record of the ledger.
    private(set) var sources = (0..<LedgerLimits.recordCount).map { SourceRecovery(index: $0) }
    private let ledger: OutcomeLedger

    /// Walks the whole ring.
    init(_ codec: EntryCodec, _ mark: Mark, _ ledger: OutcomeLedger, isVouched: Bool) {
        self.codec = codec
        self.ledger = ledger
        self.mark = mark
        self.isVouched = isVouched
        markedBytes = mark.bytes(capacity: codec.capacity)
        cursor = mark.tail
        while step() {}
        cutHead()
    }

    /// Bytes that may still hold entries.
    private var room: Int { codec.capacity - Layout.gapBytes - usedBytes }

    /// Takes one entry, or one gap.
    private mutating func step() -> Bool {
        let entry = codec.examine(cursor, room: room)
        switch entry {
        case .invalid:
            return resynchronise()
        case .frame(let bytes, payloadIntact: false):
            let source = codec.info(at: cursor.offset).source
            sources[Ring.ledgerIndex(of: source)].damaged.add(payloadLength)
            addGap(
                bytes: bytes, nextPosition: codec.behind(entry, at: cursor).position,
                kind: .payload, source: source)
            return true
        case .frame:
            count()
            jumpAtHead = nil
        case .padding:
            jumpAtHead = nil
        case .jump:
            jumpAtHead = cursor
        }
        usedBytes += entry.bytes
        cursor = codec.behind(entry, at: cursor)
        return true
    }

    /// Of the frame at the cursor.
    private var payloadLength: Int { Int(codec.area.load32(cursor.offset) & 0xFF_FFFF) }

    private mutating func count() {
        let info = codec.info(at: cursor.offset)
        frames += 1
        payloadBytes += payloadLength
        let index = Ring.ledgerIndex(of: info.source)
        if cursor.position < ledger.countedUntil(index) {
            sources[index].counted.add(payloadLength)
        } else {
            sources[index].inRing.add(payloadLength)
        }
        oldest = oldest ?? info.receivedAt
        newest = info.receivedAt
    }

    private mutating func addGap(
        bytes: Int, nextPosition: UInt64, kind: Damage.Kind, source: UInt16? = nil
    ) {
        gaps.append(
            Gap(
                start: cursor, bytes: bytes, nextPosition: nextPosition, kind: kind,
                source: source))
        usedBytes += bytes
        cursor = cursor.advanced(by: bytes, capacity: codec.capacity)
        cursor.position = nextPosition
        jumpAtHead = nil
    }

    /// Looks for the next whole frame, eight bytes at a time.
    private mutating func resynchronise() -> Bool {
        if isVouched, usedBytes >= markedBytes { return false }
        var distance = Layout.alignment
        while distance < room {
            let place = cursor.advanced(by: distance, capacity: codec.capacity)
            if let position = certainPosition(at: place, distance: distance) {
                addGap(bytes: distance, nextPosition: position, kind: .unreadable)
                return true
            }
            distance += Layout.alignment
        }
        return false
    }

    /// The position of the entry at `place`: counted on from here; or, in case that the jump markers
    /// between are what is broken, back from where the mark says the head was, or as leaps are made.
    private func certainPosition(at place: Cursor, distance: Int) -> UInt64? {
        let room = room - distance
        if isCertain(place, room: room) { return place.position }
        guard holdsJump(distance) else { return nil }
        let fromHead = Int64(usedBytes + distance - markedBytes)
        let position = mark.head.position &+ UInt64(bitPattern: fromHead)
        if position > place.position, position < RingLimits.positionMax,
            isCertain(Cursor(position: position, offset: place.offset), room: room)
        {
            return position
        }
        guard codec.mayBeFrame(at: place.offset, room: room) else { return nil }
        return Leap.position(at: place, before: mark.head.position, capacity: codec.capacity) {
            let entry = codec.examine(Cursor(position: $0, offset: place.offset), room: room)
            guard case .frame(_, payloadIntact: true) = entry else { return false }
            return true
        }
    }

    /// Whether a jump marker can take the place of so many bytes from here, which may go around the
    /// end of the area.
    private func holdsJump(_ distance: Int) -> Bool {
        let first = min(distance, codec.capacity - cursor.offset)
        return first >= Layout.jumpBytes || distance - first >= Layout.jumpBytes
    }

    /// Enough proof to go on behind unreadable bytes: 64 matching bits, or a place that fits.
    private func isCertain(_ candidate: Cursor, room: Int) -> Bool {
        switch codec.examine(candidate, room: room) {
        case .frame(_, let payloadIntact): payloadIntact
        case .padding(let bytes): candidate.offset + bytes == codec.capacity
        case .jump: true
        case .invalid: false
        }
    }

    /// What is broken with nothing whole behind it is no part of the ring any more.
    private mutating func cutHead() {
        var cut: Gap?
        while let last = gaps.last, last.nextPosition == cursor.position {
            gaps.removeLast()
            usedBytes -= last.bytes
            cursor = last.start
            cut = Gap(
                start: last.start, bytes: last.bytes + (cut?.bytes ?? 0),
                nextPosition: cut?.nextPosition ?? last.nextPosition, kind: .tornHead)
        }
        let missing = markedBytes - usedBytes
        if missing > (cut?.bytes ?? 0) {
            cut = Gap(
                start: cursor, bytes: missing, nextPosition: mark.head.position, kind: .tornHead)
        }
        if let cut { gaps.append(cut) }
    }
}
