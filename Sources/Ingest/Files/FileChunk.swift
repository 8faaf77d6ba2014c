import LineProtocol

/// What a frame of a file carries in front of its lines: which file, and which part of it.
///
/// In the frame's payload it takes `byteCount` bytes, all numbers little-endian: device, inode,
/// fingerprint's hash, start, end, stripe's base (8 bytes each); fingerprint's length, stripe's
/// bytes (4 each); stripe's index, stripe's count (2 each; a count of 0 means that there is no
/// stripe), flags (2), zero (2).
package struct FileChunk: Hashable, Sendable {
    /// What is to be known of the chunk beyond its place.
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// The file is not the one any more that had this identity, or its content is another one:
        /// what is known of its position does not hold. It stands at the chunk's start now.
        package static let restart = Flags(rawValue: 1)
        /// The content breaks off behind the chunk: a last line without line end is only a part of
        /// one.
        package static let isBroken = Flags(rawValue: 2)
        /// The file has ended: nothing comes behind the chunk, which may be empty.
        package static let isLast = Flags(rawValue: 4)
    }

    package var key: FileKey
    /// Where the chunk's lines begin in the file's content.
    package var start: UInt64
    /// The first byte behind them; lines that are too long are only begun in the payload, so this
    /// is not always `start` and the bytes that come along.
    package var end: UInt64
    package var flags: Flags

    /// A chunk at `start ..< end` of the file's content.
    package init(_ key: FileKey, start: UInt64, end: UInt64, flags: Flags = []) {
        precondition(start <= end)
        self.key = key
        self.start = start
        self.end = end
        self.flags = flags
    }

    /// Bytes that it takes.
    package static let byteCount = 64
}

/// The attributes of a frame: the precision of its timestamps, and whether a `FileChunk` stands at
/// the payload's start.
struct FrameAttributes {
    private static let fileBit: UInt16 = 0x8000

    let rawValue: UInt16

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    init(_ precision: Precision, isFile: Bool = false) {
        rawValue = UInt16(precision.rawValue) | (isFile ? Self.fileBit : 0)
    }

    var precision: Precision {
        Precision(rawValue: UInt8(truncatingIfNeeded: rawValue)) ?? .nanoseconds
    }

    var isFile: Bool { rawValue & Self.fileBit != 0 }
}

extension FileChunk {
    /// Writes the chunk's place over the first `byteCount` bytes of `target`.
    func write(to target: UnsafeMutableRawBufferPointer) {
        precondition(target.count >= Self.byteCount)
        let stripe = key.stripe
        let words: [UInt64] = [
            key.identity.device, key.identity.inode, key.fingerprint.hash, start, end,
            stripe?.base ?? 0,
            UInt64(key.fingerprint.length) | UInt64(stripe?.bytes ?? 0) << 32,
            UInt64(stripe?.index ?? 0) | UInt64(stripe?.count ?? 0) << 16
                | UInt64(flags.rawValue) << 32,
        ]
        for (index, word) in words.enumerated() {
            unsafe target.storeBytes(
                of: word.littleEndian, toByteOffset: index * 8, as: UInt64.self)
        }
    }

    /// Reads what `write` has written; `nil` where that cannot be.
    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= Self.byteCount else { return nil }
        func word(_ index: Int) -> UInt64 {
            unsafe UInt64(
                littleEndian: payload.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        let (start, end) = (word(3), word(4))
        let last = word(7)
        let count = UInt16(truncatingIfNeeded: last >> 16)
        let index = UInt16(truncatingIfNeeded: last)
        guard start <= end, end <= UInt64(Int64.max), count == 0 || index < count else {
            return nil
        }
        let fingerprint = FileFingerprint(
            length: UInt32(truncatingIfNeeded: word(6)), hash: word(2))
        let stripe =
            count == 0
            ? nil
            : FileStripe(
                base: word(5), index: index, count: count,
                bytes: UInt32(truncatingIfNeeded: word(6) >> 32))
        key = FileKey(
            FileIdentity(device: word(0), inode: word(1)), fingerprint, stripe: stripe)
        self.start = start
        self.end = end
        flags = Flags(rawValue: UInt16(truncatingIfNeeded: last >> 32))
    }

    /// The lines of a frame whose place stands in front of them.
    static func lines(of payload: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: payload[min(byteCount, payload.count)...])
    }
}
