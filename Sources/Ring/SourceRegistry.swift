/// The names of sources, kept twice in the header; a frame carries the index of its source's name.
///
/// Names are only ever added: what a frame says stays true as long as the file lives.
struct SourceRegistry: Sendable {
    let header: Region
    let seed: UInt32
    /// `nil`: never used. An empty name: used, but both copies are damaged.
    private(set) var names: [String?] = []

    init(header: Region, seed: UInt32) {
        self.header = header
        self.seed = seed
        names = (0..<RingLimits.sourceCountMax).map { read($0) }
    }

    /// The index of `name`, which gets one if it has none.
    mutating func register(_ name: String) throws(RingError) -> UInt16 {
        guard (1...RingLimits.sourceNameBytesMax) ~= name.utf8.count else {
            throw .invalidSourceName(name)
        }
        if let index = names.firstIndex(of: name) { return UInt16(index) }
        guard let index = names.firstIndex(of: nil) else { throw .registryFull(name: name) }
        names[index] = name
        write(name, index)
        return UInt16(index)
    }

    /// The indexes of which at least one copy is damaged.
    var damagedIndexes: [Int] {
        names.indices.filter { index in
            !Layout.registryOffsets.allSatisfy { base in
                names[index] == nil
                    ? header.isZero(offset(base, index), Layout.registryEntryBytes)
                    : name(at: offset(base, index), index) == names[index]
            }
        }
    }

    /// Restores a copy that is damaged from the one that is not; where both are, the index is kept
    /// for a lost name.
    ///
    /// - Returns: how many entries had a damaged copy.
    func heal() -> Int {
        let damaged = damagedIndexes
        for index in damaged {
            if let name = names[index] {
                // An empty name says that it is lost: the index goes to no other source.
                write(name, index)
            } else {
                // A name that was being written when the process was killed.
                for base in Layout.registryOffsets {
                    header.clear(offset(base, index), Layout.registryEntryBytes)
                }
            }
        }
        return damaged.count
    }

    private func offset(_ base: Int, _ index: Int) -> Int {
        base + index * Layout.registryEntryBytes
    }

    private func read(_ index: Int) -> String? {
        let places = Layout.registryOffsets.map { offset($0, index) }
        for place in places {
            if let name = name(at: place, index) { return name }
        }
        let isUnused = places.contains { header.isZero($0, Layout.registryEntryBytes) }
        return isUnused ? nil : ""
    }

    private func name(at place: Int, _ index: Int) -> String? {
        let length = Int(header.load32(place + 4))
        guard length <= RingLimits.sourceNameBytesMax,
            !header.isZero(place, Layout.registryEntryBytes),
            header.load32(place) == checksum(place, index, length)
        else { return nil }
        // A name that is no text was never written by us; repaired, it would grow.
        return unsafe String(validating: header.bytes(place + 8, length), as: UTF8.self)
    }

    private func write(_ name: String, _ index: Int) {
        var bytes = Array(name.utf8)
        let length = bytes.count
        bytes += Array(repeating: 0, count: Layout.registryEntryBytes - 8 - length)
        for base in Layout.registryOffsets {
            let place = offset(base, index)
            unsafe bytes.withUnsafeBytes { unsafe header.copy($0, to: place + 8) }
            header.store32(UInt32(length), place + 4)
            orderStores()
            header.store32(checksum(place, index, length), place)
            orderStores()
        }
    }

    private func checksum(_ place: Int, _ index: Int, _ length: Int) -> UInt32 {
        header.checksum(place + 4, 4 + length, continuing: seed &+ UInt32(index))
    }
}
