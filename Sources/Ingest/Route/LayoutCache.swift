import LineProtocol

/// Finds the index of a layout that was met before by its bytes, without allocating.
///
/// Lines of one sensor look alike, so the layout that followed the last one last time is tried
/// first; only then are the keys hashed.
@safe
struct LayoutCache: ~Copyable {
    /// A layout more than this empties the cache: senders that invent names must not fill memory.
    static let capacity = 4_096
    /// Key bytes of all layouts together.
    static let keyBytesMax = 4 << 20

    private struct Entry {
        /// Where its key stands in `keys`.
        var offset: Int
        var itemCount: Int32
        var tagCount: Int32
        /// The layout that came after this one last time.
        var successor: Int32
    }

    private let entries: UnsafeMutablePointer<Entry>
    private let slots: UnsafeMutablePointer<Int32>
    private let keys: UnsafeMutablePointer<UInt8>
    private static let slotMask = UInt64(4 * capacity - 1)
    private(set) var count = 0
    private var keyBytes = 0
    private var last: Int32 = -1
    /// What the decoder calls the last line's layout; 0 when it has no number.
    private var lastNumber: UInt32 = 0

    /// Bytes of memory that it takes.
    static var byteCount: Int {
        capacity * (MemoryLayout<Entry>.stride + 4 * MemoryLayout<Int32>.stride) + keyBytesMax
    }

    init() {
        unsafe entries = .allocate(capacity: Self.capacity)
        unsafe slots = .allocate(capacity: 4 * Self.capacity)
        unsafe slots.initialize(repeating: -1, count: 4 * Self.capacity)
        unsafe keys = .allocate(capacity: Self.keyBytesMax)
    }

    deinit {
        unsafe entries.deallocate()
        unsafe slots.deallocate()
        unsafe keys.deallocate()
    }

    /// Forgets everything.
    mutating func removeAll() {
        unsafe slots.update(repeating: -1, count: 4 * Self.capacity)
        count = 0
        keyBytes = 0
        last = -1
        lastNumber = 0
    }

    /// The index of the line's layout. All lines must come from one decoded batch's memory.
    @inline(__always)
    mutating func index(
        of line: UnsafePointer<DecodedLine>, _ items: UnsafePointer<Item>
    ) -> Int? {
        let number = unsafe line.pointee.layoutNumber
        if number != 0, number == lastNumber { return Int(last) }
        guard let index = unsafe search(line.pointee, items) else { return nil }
        lastNumber = number
        return index
    }

    @inline(never)
    private mutating func search(_ line: DecodedLine, _ items: UnsafePointer<Item>) -> Int? {
        if last >= 0 {
            let guess = unsafe entries[Int(last)].successor
            if guess >= 0, unsafe matches(Int(guess), line, items) {
                last = guess
                return Int(guess)
            }
        }
        var slot = unsafe Self.hash(line, items) & Self.slotMask
        while case let candidate = unsafe slots[Int(slot)], candidate >= 0 {
            if unsafe matches(Int(candidate), line, items) {
                follow(candidate)
                return Int(candidate)
            }
            slot = (slot + 1) & Self.slotMask
        }
        return nil
    }

    /// Whether a new layout of this line still fits.
    func hasRoom(for line: DecodedLine, _ items: UnsafePointer<Item>) -> Bool {
        let length = unsafe Self.keyLength(line, items)
        return count < Self.capacity && keyBytes + length <= Self.keyBytesMax
    }

    /// Adds the line's layout; it must have room and not be there.
    ///
    /// - Returns: its index: how many were there before.
    mutating func insert(_ line: DecodedLine, _ items: UnsafePointer<Item>) -> Int {
        let hash = unsafe Self.hash(line, items)
        unsafe entries[count] = Entry(
            offset: keyBytes, itemCount: line.tagCount + line.fieldCount,
            tagCount: line.tagCount, successor: -1)
        append(line.measurement)
        for index in 0..<Int(line.tagCount + line.fieldCount) {
            unsafe append(items[index].key)
        }
        var slot = hash & Self.slotMask
        while unsafe slots[Int(slot)] >= 0 { slot = (slot + 1) & Self.slotMask }
        unsafe slots[Int(slot)] = Int32(count)
        follow(Int32(count))
        lastNumber = line.layoutNumber
        count += 1
        return count - 1
    }

    private mutating func follow(_ index: Int32) {
        if last >= 0 { unsafe entries[Int(last)].successor = index }
        last = index
    }

    private mutating func append(_ slice: ByteSlice) {
        unsafe UnsafeMutableRawPointer(keys + keyBytes).storeBytes(
            of: slice.count, as: Int32.self)
        unsafe (keys + keyBytes + 4).update(from: slice.base, count: Int(slice.count))
        keyBytes += 4 + Int(slice.count)
    }

    private static func keyLength(_ line: DecodedLine, _ items: UnsafePointer<Item>) -> Int {
        var length = 4 + Int(line.measurement.count)
        for index in 0..<Int(line.tagCount + line.fieldCount) {
            unsafe length += 4 + Int(items[index].key.count)
        }
        return length
    }

    private func matches(
        _ index: Int, _ line: DecodedLine, _ items: UnsafePointer<Item>
    ) -> Bool {
        let entry = unsafe entries[index]
        let itemCount = line.tagCount + line.fieldCount
        guard entry.itemCount == itemCount, entry.tagCount == line.tagCount else { return false }
        var key = unsafe UnsafeRawPointer(keys + entry.offset)
        guard unsafe Self.take(line.measurement, from: &key) else { return false }
        for item in 0..<Int(itemCount) {
            guard unsafe Self.take(items[item].key, from: &key) else { return false }
        }
        return true
    }

    /// Compares one name with the key at `key`, and goes past it when they are the same.
    @inline(__always)
    private static func take(_ slice: ByteSlice, from key: inout UnsafeRawPointer) -> Bool {
        let length = Int(slice.count)
        guard unsafe key.loadUnaligned(as: Int32.self) == slice.count,
            unsafe equalBytes(key + 4, slice.base, length)
        else { return false }
        unsafe key += 4 + length
        return true
    }

    private static func hash(_ line: DecodedLine, _ items: UnsafePointer<Item>) -> UInt64 {
        var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(UInt32(bitPattern: line.tagCount))
        mix(&hash, line.measurement)
        for index in 0..<Int(line.tagCount + line.fieldCount) {
            unsafe mix(&hash, items[index].key)
        }
        return hash ^ (hash >> 29)
    }

    /// A multiply-and-fold per eight bytes. Not secret: a sender that makes names collide slows
    /// its own lookups down, bounded by `capacity`.
    private static func mix(_ hash: inout UInt64, _ slice: ByteSlice) {
        var rest = Int(slice.count)
        var at = unsafe UnsafeRawPointer(slice.base)
        hash ^= UInt64(rest)
        while rest > 0 {
            var word: UInt64 = 0
            if rest >= 8 {
                word = unsafe at.loadUnaligned(as: UInt64.self)
            } else {
                for index in 0..<rest {
                    word =
                        unsafe (word << 8) | UInt64(at.load(fromByteOffset: index, as: UInt8.self))
                }
            }
            let product = (hash ^ word).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
            hash = product.high ^ product.low
            unsafe at += min(rest, 8)
            rest -= 8
        }
    }
}

/// Whether two runs of bytes are the same; names are short, so words are compared in line.
@inline(__always)
func equalBytes(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
    var index = 0
    while count - index >= 8 {
        if unsafe left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            != right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        {
            return false
        }
        index += 8
    }
    while index < count {
        if unsafe left.load(fromByteOffset: index, as: UInt8.self)
            != right.load(fromByteOffset: index, as: UInt8.self)
        {
            return false
        }
        index += 1
    }
    return true
}
