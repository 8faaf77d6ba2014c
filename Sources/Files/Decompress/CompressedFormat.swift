/// How a file is compressed, told by its content and never by its name.
package enum CompressedFormat: String, Equatable, Sendable {
    case plain
    /// RFC 1952, with deflate as the only method that there is.
    case gzip
    /// RFC 8878, its skippable frames included.
    case zstd

    /// Bytes that decide it in any case.
    package static let magicBytesMax = 4

    /// What a file that begins with these bytes is. An empty or short one is plain.
    ///
    /// - Parameter first: all of the file, or at least its first `magicBytesMax` bytes.
    package static func detect(_ first: Span<UInt8>) -> CompressedFormat {
        if first.count >= gzipMagic.count, match(first, gzipMagic) { return .gzip }
        if first.count >= zstdMagic.count, match(first, zstdMagic) { return .zstd }
        if first.count >= zstdMagic.count, matchesSkippable(first) { return .zstd }
        return .plain
    }

    /// Whether a file that begins with these bytes may turn out to be compressed, so that more of
    /// it has to be read before anything can be said.
    static func needsMore(_ first: Span<UInt8>) -> Bool {
        first.count < magicBytesMax && detect(first) == .plain
            && (match(first, gzipMagic) || match(first, zstdMagic) || matchesSkippable(first))
    }

    /// ID1, ID2 and CM (RFC 1952, 2.3.1).
    static var gzipMagic: [3 of UInt8] { [0x1F, 0x8B, 0x08] }

    /// Magic_Number (RFC 8878, 3.1.1).
    static var zstdMagic: [4 of UInt8] { [0x28, 0xB5, 0x2F, 0xFD] }

    /// Magic_Number of a skippable frame (RFC 8878, 3.1.2), whose first byte's low half is free.
    private static var skippableMagic: [4 of UInt8] { [0x50, 0x2A, 0x4D, 0x18] }

    /// Whether `bytes` and `magic` agree as far as both go.
    static func match<let count: Int>(_ bytes: Span<UInt8>, _ magic: [count of UInt8]) -> Bool {
        for index in 0..<min(bytes.count, count) where bytes[index] != magic[index] {
            return false
        }
        return true
    }

    /// The same for the magic number of a skippable frame.
    static func matchesSkippable(_ bytes: Span<UInt8>) -> Bool {
        if bytes.isEmpty { return true }
        var magic = skippableMagic
        magic[0] |= bytes[0] & 0x0F
        return match(bytes, magic)
    }
}
