import CLinux

/// What a frame carries beside its payload. The ring keeps it and gives no meaning to it, apart
/// from showing the oldest frame's time.
package struct FrameInfo: Equatable, Sendable {
    /// Nanoseconds since 1970 in UTC.
    package var receivedAt: Int64
    /// Opaque: the position in a file, for example.
    package var reference: UInt64
    /// From `Ring.register(source:)`.
    package var source: UInt16
    /// Opaque: the precision, for example.
    package var attributes: UInt16

    /// Everything that is known of a payload when it comes.
    package init(
        receivedAt: Int64, reference: UInt64 = 0, source: UInt16, attributes: UInt16 = 0
    ) {
        self.receivedAt = receivedAt
        self.reference = reference
        self.source = source
        self.attributes = attributes
    }
}

/// One payload on its way into the ring.
@safe
package struct Arrival {
    // Safe to pass around: only `append` reads the payload, during its call, and whoever made this
    // promised that the bytes stay until then.
    package var info: FrameInfo
    package var payload: UnsafeRawBufferPointer

    /// `payload` must stay where it is until `append` has returned.
    package init(info: FrameInfo, payload: UnsafeRawBufferPointer) {
        self.info = info
        unsafe self.payload = payload
    }
}

/// A frame in the ring, lent to the consumer.
@safe
package struct Frame {
    // Safe to pass around while its frames stay pinned: nothing moves or overwrites them.
    package let info: FrameInfo
    /// Where the frame begins.
    package let position: UInt64
    /// Where it ends: what `release(to:)` takes once this frame is done.
    package let end: UInt64
    /// Points into the mapped file; gone with the pin.
    package let payload: UnsafeRawBufferPointer

    @usableFromInline
    init(info: FrameInfo, position: UInt64, end: UInt64, payload: UnsafeRawBufferPointer) {
        self.info = info
        self.position = position
        self.end = end
        unsafe self.payload = payload
    }
}

/// A place in the ring: the logical position, and the offset in the area where it lies.
///
/// The two run in step except at a jump marker, where only the position leaps.
struct Cursor: Equatable, Sendable {
    var position: UInt64
    var offset: Int

    func advanced(by bytes: Int, capacity: Int) -> Cursor {
        let next = offset + bytes
        return Cursor(
            position: position &+ UInt64(bytes), offset: next >= capacity ? next - capacity : next)
    }
}

/// The kinds of entries in the area, from the top byte of an entry's first word.
enum EntryKind {
    static let frame: UInt32 = 0xF1
    static let padding: UInt32 = 0xA0
    static let jump: UInt32 = 0xB2
}

/// Writes and reads the first words of entries; knows nothing of who may do so when.
struct EntryCodec: Sendable {
    let area: Region
    /// The checksum of the ring's identity, with which every other one begins: an entry of another
    /// ring, or of an earlier round, never looks valid.
    let seed: UInt32
    /// Whether frames have a checksum of their payload.
    var sumsPayloads = true

    var capacity: Int { area.count }

    func checksum(
        _ position: UInt64, _ word: UInt32, _ second: UInt64 = 0, _ third: UInt64 = 0,
        _ fourth: UInt64 = 0
    ) -> UInt32 {
        clinux_crc32c_words(seed, position, UInt64(word), second, third, fourth)
    }

    /// Writes a whole frame. The first word goes last: until then the place looks like what lay
    /// there before, which is no frame at this position.
    func writeFrame(_ arrival: Arrival, at cursor: Cursor) {
        let length = unsafe arrival.payload.count
        let info = arrival.info
        let offset = cursor.offset
        let word = EntryKind.frame << 24 | UInt32(length)
        let payloadChecksum =
            sumsPayloads ? unsafe clinux_crc32c(0, arrival.payload.baseAddress, length) : 0
        let second =
            UInt64(payloadChecksum) | UInt64(info.source) << 32 | UInt64(info.attributes) << 48
        let third = UInt64(bitPattern: info.receivedAt)
        unsafe area.fill(offset + Layout.frameHeaderBytes, with: arrival.payload)
        area.store(second, offset + 8)
        area.store(third, offset + 16)
        area.store(info.reference, offset + 24)
        let check = checksum(cursor.position, word, second, third, info.reference)
        publish(word, check, offset)
    }

    /// Marks `length` bytes as nothing.
    func writePadding(_ length: Int, at cursor: Cursor) {
        precondition(length % Layout.alignment == 0 && (8...Layout.paddingBytesMax) ~= length)
        let word = EntryKind.padding << 24 | UInt32(length)
        publish(word, checksum(cursor.position, word), cursor.offset)
    }

    /// Says that the entry behind this one has the position `target`.
    func writeJump(to target: UInt64, at cursor: Cursor) {
        precondition(target > cursor.position)
        let word = EntryKind.jump << 24 | UInt32(Layout.jumpBytes)
        area.store(target, cursor.offset + 8)
        publish(word, checksum(cursor.position, word, target), cursor.offset)
    }

    private func publish(_ word: UInt32, _ check: UInt32, _ offset: Int) {
        orderStores()
        area.store(UInt64(word) | UInt64(check) << 32, offset)
    }

    func info(at offset: Int) -> FrameInfo {
        let second = area.load(offset + 8)
        return FrameInfo(
            receivedAt: Int64(bitPattern: area.load(offset + 16)),
            reference: area.load(offset + 24), source: UInt16(truncatingIfNeeded: second >> 32),
            attributes: UInt16(truncatingIfNeeded: second >> 48))
    }
}

/// What stands at a place that may hold anything.
enum Entry: Equatable {
    case frame(bytes: Int, payloadIntact: Bool)
    case padding(bytes: Int)
    case jump(target: UInt64)
    case invalid
}

extension EntryCodec {
    /// Whether the bytes there can be a frame with any position.
    func mayBeFrame(at offset: Int, room: Int) -> Bool {
        let limit = min(room, capacity - offset)
        guard limit >= 8 else { return false }
        let word = area.load32(offset)
        let length = Int(word & 0xFF_FFFF)
        return word >> 24 == EntryKind.frame && length <= RingLimits.payloadBytesMax
            && Layout.frameBytes(payload: length) <= limit
    }

    /// Judges the bytes at `cursor` as if an entry with that position stood there, and trusts none
    /// of them. `room` is how many bytes from here may belong to the ring's content.
    func examine(_ cursor: Cursor, room: Int) -> Entry {
        let limit = min(room, capacity - cursor.offset)
        guard limit >= 8 else { return .invalid }
        let first = area.load(cursor.offset)
        let word = UInt32(truncatingIfNeeded: first)
        let check = UInt32(truncatingIfNeeded: first >> 32)
        let length = Int(word & 0xFF_FFFF)
        switch word >> 24 {
        case EntryKind.frame:
            let bytes = Layout.frameBytes(payload: length)
            guard bytes <= limit, length <= RingLimits.payloadBytesMax else { return .invalid }
            return examineFrame(cursor, word: word, check: check, length: length, bytes: bytes)
        case EntryKind.padding:
            guard length >= 8, length <= limit, length % Layout.alignment == 0,
                check == checksum(cursor.position, word)
            else { return .invalid }
            return .padding(bytes: length)
        case EntryKind.jump:
            guard length == Layout.jumpBytes, limit >= length else { return .invalid }
            let target = area.load(cursor.offset + 8)
            guard target > cursor.position, target < RingLimits.positionMax,
                check == checksum(cursor.position, word, target)
            else { return .invalid }
            return .jump(target: target)
        default:
            return .invalid
        }
    }

    private func examineFrame(
        _ cursor: Cursor, word: UInt32, check: UInt32, length: Int, bytes: Int
    ) -> Entry {
        let second = area.load(cursor.offset + 8)
        let expected = checksum(
            cursor.position, word, second, area.load(cursor.offset + 16),
            area.load(cursor.offset + 24))
        guard check == expected else { return .invalid }
        let payload = area.checksum(cursor.offset + Layout.frameHeaderBytes, length)
        return .frame(
            bytes: bytes, payloadIntact: payload == UInt32(truncatingIfNeeded: second))
    }
}

extension EntryCodec {
    /// Reads an entry that this process wrote or has checked, without checking it again.
    ///
    /// Traps when it makes no sense: then somebody else writes into our file, and the next start
    /// will find and put aside what is broken.
    func trusted(at cursor: Cursor) -> Entry {
        let word = area.load32(cursor.offset)
        let length = Int(word & 0xFF_FFFF)
        switch word >> 24 {
        case EntryKind.frame:
            return .frame(bytes: Layout.frameBytes(payload: length), payloadIntact: true)
        case EntryKind.padding:
            return .padding(bytes: length)
        case EntryKind.jump:
            return .jump(target: area.load(cursor.offset + 8))
        default:
            preconditionFailure("the ring's file was changed by somebody else while it was open")
        }
    }

    /// The place behind an entry.
    func behind(_ entry: Entry, at cursor: Cursor) -> Cursor {
        switch entry {
        case .frame(let bytes, _), .padding(let bytes):
            return cursor.advanced(by: bytes, capacity: capacity)
        case .jump(let target):
            var next = cursor.advanced(by: Layout.jumpBytes, capacity: capacity)
            next.position = target
            return next
        case .invalid:
            return cursor
        }
    }
}

extension Entry {
    /// Bytes of the area that the entry takes.
    var bytes: Int {
        switch self {
        case .frame(let bytes, _), .padding(let bytes): bytes
        case .jump: Layout.jumpBytes
        case .invalid: 0
        }
    }
}
