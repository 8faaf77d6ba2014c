import CLinux

/// Six words that only make sense together, in two checksummed slots that are written in turns: one
/// of them is whole at any instant.
struct Slots: Sendable {
    typealias Words = InlineArray<6, UInt64>

    let header: Region
    let seed: UInt32
    let offsets: (first: Int, second: Int)
    private var sequence: UInt64 = 0

    init(header: Region, seed: UInt32, offsets: (first: Int, second: Int)) {
        self.header = header
        self.seed = seed
        self.offsets = offsets
        sequence = max(read(offsets.first)?.sequence ?? 0, read(offsets.second)?.sequence ?? 0)
    }

    /// The newest whole slot, if any.
    func newest() -> Words? {
        let first = read(offsets.first)
        let second = read(offsets.second)
        guard let first else { return second?.words }
        guard let second else { return first.words }
        return first.sequence > second.sequence ? first.words : second.words
    }

    /// Whether neither slot holds anything but what was written to it, or nothing at all.
    var areWhole: Bool {
        [offsets.first, offsets.second].allSatisfy { read($0) != nil || header.isZero($0, 64) }
    }

    mutating func write(_ words: Words) {
        sequence += 1
        let offset = sequence & 1 == 0 ? offsets.first : offsets.second
        orderStores()
        header.store(sequence, offset)
        for index in words.indices { header.store(words[index], offset + 8 + index * 8) }
        header.store(UInt64(checksum(sequence, words)), offset + 56)
        orderStores()
    }

    private func read(_ offset: Int) -> (sequence: UInt64, words: Words)? {
        let sequence = header.load(offset)
        var words = Words(repeating: 0)
        for index in words.indices { words[index] = header.load(offset + 8 + index * 8) }
        guard sequence > 0, sequence < RingLimits.positionMax,
            header.load(offset + 56) == UInt64(checksum(sequence, words))
        else { return nil }
        return (sequence, words)
    }

    private func checksum(_ sequence: UInt64, _ words: Words) -> UInt32 {
        let half = clinux_crc32c_words(seed, sequence, words[0], words[1], words[2], words[3])
        return clinux_crc32c_words(half, words[4], words[5], 0, 0, 0)
    }
}

/// Where tail and head stand, with the counts of frames that ever passed them.
struct Mark: Equatable, Sendable {
    var tail: Cursor
    var head: Cursor
    /// Frames that left the ring, in whatever way.
    var framesGone: UInt64
    /// Frames that ever came into it.
    var framesEver: UInt64
}

extension Mark {
    /// Only what makes sense in an area of `capacity` bytes.
    init?(_ words: Slots.Words, capacity: Int) {
        guard words[0] <= words[2], words[2] < RingLimits.positionMax,
            words[4] <= words[5], words[5] < RingLimits.positionMax,
            Self.isOffset(words[1], capacity), Self.isOffset(words[3], capacity)
        else { return nil }
        tail = Cursor(position: words[0], offset: Int(words[1]))
        head = Cursor(position: words[2], offset: Int(words[3]))
        framesGone = words[4]
        framesEver = words[5]
        guard head.position - tail.position >= UInt64(bytes(capacity: capacity)) else { return nil }
    }

    /// The newest one in a file's header.
    static func newest(
        _ header: Region, _ superblock: Superblock, path: String
    ) throws(RingError) -> Mark {
        let slots = Slots(
            header: header, seed: superblock.identity.seed, offsets: Layout.markSlots)
        guard let mark = slots.newest().flatMap({ Mark($0, capacity: superblock.capacity) }) else {
            throw .damagedHeader(path: path, part: "tail and head marks")
        }
        return mark
    }

    var words: Slots.Words {
        [
            tail.position, UInt64(tail.offset), head.position, UInt64(head.offset), framesGone,
            framesEver,
        ]
    }

    /// Bytes of the area between tail and head. Equal offsets mean an empty ring: a full one keeps
    /// its reserve free.
    func bytes(capacity: Int) -> Int {
        let distance = head.offset - tail.offset
        return distance < 0 ? distance + capacity : distance
    }

    private static func isOffset(_ word: UInt64, _ capacity: Int) -> Bool {
        word < UInt64(capacity) && word % UInt64(Layout.alignment) == 0
    }
}

/// The highest position that the database is known to have had: what tells a database that was
/// restored from one that only has not been given everything. The tail cannot: it also moves when
/// frames are dropped and when the head leaps.
struct Confirmation: Sendable {
    /// 0 when there was none.
    private(set) var position: UInt64
    private var slots: Slots

    init(header: Region, seed: UInt32) {
        slots = Slots(header: header, seed: seed, offsets: Layout.confirmationSlots)
        position = slots.newest()?[0] ?? 0
    }

    mutating func record(_ position: UInt64) {
        guard position != self.position else { return }
        self.position = position
        slots.write([position, 0, 0, 0, 0, 0])
    }
}

/// Who had the file open last, and how that ended.
struct Session: Equatable, Sendable {
    /// A number for that boot of the machine: with another one the page cache was lost in between.
    var boot: UInt64
    /// The file's inode: a copy or a restored backup has another one.
    var inode: UInt64
    var process: Int32
    /// Closed in order, with everything on the disk.
    var isClean: Bool
}

extension Session {
    init(_ words: Slots.Words) {
        boot = words[0]
        inode = words[1]
        process = Int32(truncatingIfNeeded: words[2])
        isClean = words[3] == 1
    }

    var words: Slots.Words {
        [boot, inode, UInt64(UInt32(bitPattern: process)), isClean ? 1 : 0, 0, 0]
    }
}
