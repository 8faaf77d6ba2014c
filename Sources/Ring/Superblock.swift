import CLinux
import Glibc

/// The part of the header that never changes: written once, in two copies.
struct Superblock: Equatable, Sendable {
    var identity: RingIdentity
    var capacity: Int
    /// Nanoseconds since 1970.
    var createdAt: Int64

    var fileBytes: Int { Layout.headerBytes + capacity }

    func write(to header: Region) {
        for offset in Layout.superblockOffsets {
            header.clear(offset, Layout.superblockBytes)
            header.store(Layout.magic, offset)
            header.store32(Layout.version, offset + 8)
            header.store(identity.low, offset + 16)
            header.store(identity.high, offset + 24)
            header.store(UInt64(Layout.headerBytes), offset + 32)
            header.store(UInt64(capacity), offset + 40)
            header.store(UInt64(bitPattern: createdAt), offset + 48)
            let check = header.checksum(offset, Layout.superblockBytes - 4)
            header.store32(check, offset + Layout.superblockBytes - 4)
        }
    }

    /// Reads whichever copy is whole.
    ///
    /// - Returns: the superblock, and whether a copy was damaged.
    static func read(
        from header: Region, path: String
    ) throws(RingError) -> (superblock: Superblock, isDamaged: Bool) {
        var found: Superblock?
        var sawMagic = false
        var wholeCopies = 0
        for offset in Layout.superblockOffsets {
            guard offset + Layout.superblockBytes <= header.count else { continue }
            guard header.load(offset) == Layout.magic else { continue }
            sawMagic = true
            let check = header.checksum(offset, Layout.superblockBytes - 4)
            guard header.load32(offset + Layout.superblockBytes - 4) == check else { continue }
            let version = header.load32(offset + 8)
            guard version == Layout.version else {
                throw .unsupportedVersion(path: path, version: version)
            }
            wholeCopies += 1
            found = found ?? parse(header, offset)
        }
        guard sawMagic else { throw .notARing(path: path, reason: "no ring's header") }
        guard let found else { throw .damagedHeader(path: path, part: "header") }
        return (found, wholeCopies < Layout.superblockOffsets.count)
    }

    /// The checksum is right, but a hand-made file can still say anything.
    private static func parse(_ header: Region, _ offset: Int) -> Superblock? {
        let capacity = header.load(offset + 40)
        guard header.load(offset + 32) == UInt64(Layout.headerBytes),
            capacity >= UInt64(RingLimits.capacityMin),
            capacity <= UInt64(RingLimits.capacityMax), capacity % 4096 == 0
        else { return nil }
        return Superblock(
            identity: RingIdentity(
                low: header.load(offset + 16), high: header.load(offset + 24)),
            capacity: Int(capacity), createdAt: Int64(bitPattern: header.load(offset + 48)))
    }
}

/// 16 random bytes that no other ring has; with a position they name a place for ever.
package struct RingIdentity: Hashable, Sendable, CustomStringConvertible {
    package let low: UInt64
    package let high: UInt64

    /// From the two halves, little-endian, as they stand in the file.
    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    static func random() -> RingIdentity {
        var generator = SystemRandomNumberGenerator()
        return RingIdentity(low: generator.next(), high: generator.next())
    }

    /// The 16 bytes in the order of the file.
    package var bytes: [UInt8] {
        [low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
    }

    /// 32 hexadecimal digits in the order of the file.
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    var seed: UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe clinux_crc32c(0, $0.baseAddress, $0.count) }
    }
}
