/// What the file system knows a file by, whatever its name: stat(2).
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    /// A file of these numbers.
    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

extension FileIdentity {
    /// For what is no file and can be read once only: standard input, a pipe. It has no row.
    package static let stream = FileIdentity(device: 0, inode: 0)

    var isStream: Bool { self == .stream }
}

/// What a file begins with: an inode that is used again has another content.
package struct FileFingerprint: Hashable, Sendable {
    /// The first bytes that it covers, at most `bytesMax`; 0 for a file of which nothing was read.
    package let length: UInt32
    /// Of those bytes: FNV-1a in 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
    package let hash: UInt64

    /// Bytes of a file that are looked at. Files whose first 4 KiB are the same, and whose inode is,
    /// are the same file.
    package static let bytesMax = 4_096

    /// FNV-1a, byte by byte.
    struct Hash {
        private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

        mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

        fileprivate init(goingOnFrom value: UInt64) { self.value = value }

        init() {}
    }

    /// Covers nothing: of a file of which nothing was read.
    static let none = FileFingerprint(length: 0, hash: Hash().value)

    /// Takes what was stored.
    package init(length: UInt32, hash: UInt64) {
        self.length = length
        self.hash = hash
    }

    /// Covers all of `bytes`, which are a file's first.
    package init(of bytes: UnsafeRawBufferPointer) {
        self = unsafe Self.none.extended(by: bytes)
    }

    /// Covers what comes behind as well.
    ///
    /// - Parameter bytes: those behind the ones that are covered.
    func extended(by bytes: UnsafeRawBufferPointer) -> FileFingerprint {
        precondition(Int(length) + bytes.count <= Self.bytesMax)
        var hash = Hash(goingOnFrom: hash)
        for index in 0..<bytes.count { unsafe hash.add(bytes[index]) }
        return FileFingerprint(length: length + UInt32(bytes.count), hash: hash.value)
    }

    /// Whether a file that begins with `bytes` can be the one that this was taken of.
    ///
    /// - Parameter bytes: the file's first `bytesMax`, or all of them if it has fewer.
    package func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= Int(length) else { return false }
        return unsafe FileFingerprint(of: UnsafeRawBufferPointer(rebasing: bytes[..<Int(length)]))
            == self
    }
}

/// A part of a file that is loaded by several lanes at once: the lines that begin in every
/// `count`-th piece of `bytes` bytes, from the piece `index` on, counted from the offset `base`.
package struct FileStripe: Hashable, Sendable {
    package let base: UInt64
    package let index: UInt16
    package let count: UInt16
    package let bytes: UInt32

    /// One of `count` stripes.
    package init(base: UInt64, index: UInt16, count: UInt16, bytes: UInt32) {
        self.base = base
        self.index = index
        self.count = count
        self.bytes = bytes
    }
}

/// A file, or a stripe of it, as `sluice_progress` knows it.
package struct FileKey: Hashable, Sendable {
    package var identity: FileIdentity
    package var fingerprint: FileFingerprint
    /// `nil`: the whole file, in order.
    package var stripe: FileStripe?

    /// A whole file, or a stripe of it.
    package init(
        _ identity: FileIdentity, _ fingerprint: FileFingerprint, stripe: FileStripe? = nil
    ) {
        self.identity = identity
        self.fingerprint = fingerprint
        self.stripe = stripe
    }
}

/// What is known of a file: from the database, from the ring, or by having read it.
package struct KnownFile: Hashable, Sendable {
    package var key: FileKey
    /// The first byte that was not taken yet; of the content when the file is compressed.
    package var position: UInt64

    /// As it stands now.
    package init(_ key: FileKey, position: UInt64) {
        self.key = key
        self.position = position
    }
}
