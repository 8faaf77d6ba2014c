import Ring

/// Which blocks a file of rejects holds, found without reading the lines in them.
struct RejectsSurvey {
    /// Whether it begins as our files do. If not, nothing else is known of it.
    let isOurs: Bool
    /// When it was made, in nanoseconds since 1970.
    private(set) var createdAt: Int64 = 0
    private(set) var blocks: [RejectsBlock] = []
    /// So many blocks from the first on are known to hold: a mark behind them says so.
    private(set) var settledCount = 0
    /// Stretches between blocks that are none.
    private(set) var damages: [Range<Int>] = []
    /// Behind the last whole block or mark.
    private(set) var end = 0
    /// What stands at `end`.
    private(set) var rest = Rest.nothing
    /// Bytes of the file.
    let fileBytes: Int

    /// What follows behind the last whole block.
    enum Rest: Equatable {
        case nothing
        /// A block that is being written, or was when its writer ended; never a fact.
        case unfinished
        /// A block that says how long it is and is shorter: it was being written when the machine
        /// ended, or, when its batch is in the database, the file was cut since.
        case cut(RejectsBlock)
        /// Nothing that was ever written so.
        case damaged
    }

    /// Every file begins with this, a time and a line end.
    static let start: StaticString = "# sluice rejects 1, "
    static let headerBytes = 20 + RejectsTime.length + 1
    /// Says that the blocks before it hold, whatever the database says later.
    static let settledMark: StaticString = "# settled\n"
    static let settledBytes = 10

    init(_ descriptor: Int32, path: String) throws(RejectsError) {
        var input = try RejectsInput(descriptor, path: path)
        fileBytes = input.size
        let header = try input.bytes(at: 0, count: Self.headerBytes)
        guard header.count == Self.headerBytes, header.last == UInt8(ascii: "\n"),
            header.starts(with: Array("\(Self.start)".utf8)),
            let created = RejectsTime.parse(header.dropFirst(20).dropLast())
        else {
            isOurs = false
            return
        }
        isOurs = true
        createdAt = created
        end = Self.headerBytes
        while try step(&input) {}
    }

    /// Appends the first line of a file.
    static func appendHeader(createdAt: Int64, to buffer: inout RejectsBuffer) {
        buffer.append(start)
        var time = RejectsTime()
        time.append(createdAt, to: &buffer)
        buffer.append(UInt8(ascii: "\n"))
    }

    /// The last block, unless it is known to hold.
    var unsettled: RejectsBlock? {
        rest == .nothing && settledCount < blocks.count ? blocks.last : nil
    }

    /// Takes what stands at `end`.
    ///
    /// - Returns: whether there may be more.
    private mutating func step(_ input: inout RejectsInput) throws(RejectsError) -> Bool {
        let bytes = try input.bytes(at: end, count: RejectsBlock.headerBytes)
        if bytes.isEmpty { return false }
        if bytes.starts(with: "\(Self.settledMark)".utf8) {
            settledCount = blocks.count
            end += Self.settledBytes
            return true
        }
        guard let block = RejectsBlock(bytes, at: end) else {
            if isBegun(bytes) {
                rest = .unfinished
                return false
            }
            return try resynchronise(&input)
        }
        // An unfinished or cut one is the last: nothing is ever written behind it.
        if block.end == 0 {
            rest = .unfinished
        } else if block.bytes > input.size - end - RejectsBlock.headerBytes {
            rest = .cut(block)
        } else {
            take(block)
            return true
        }
        return false
    }

    /// Whether the bytes up to the file's end are the beginning of a block or a mark.
    private func isBegun(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count < RejectsBlock.headerBytes else { return false }
        return [RejectsBlock.start, Self.settledMark].contains { start in
            bytes.starts(with: Array("\(start)".utf8).prefix(bytes.count))
        }
    }

    private mutating func take(_ block: RejectsBlock) {
        // Whatever stands before a block was settled when it was begun.
        settledCount = blocks.count
        blocks.append(block)
        end = block.next
    }

    /// Looks behind something damaged for the next whole block.
    private mutating func resynchronise(_ input: inout RejectsInput) throws(RejectsError) -> Bool {
        let pattern = Array("\n\(RejectsBlock.start)".utf8)
        var offset = end
        while true {
            let piece = try input.bytes(at: offset, count: Self.searchBytes)
            if let found = piece.firstRange(of: pattern) {
                let start = offset + found.lowerBound - piece.startIndex + 1
                let bytes = try input.bytes(at: start, count: RejectsBlock.headerBytes)
                if let block = RejectsBlock(bytes, at: start), block.end > 0,
                    block.bytes <= input.size - start - RejectsBlock.headerBytes
                {
                    damages.append(end..<start)
                    take(block)
                    return true
                }
                offset = start
            } else if piece.count < Self.searchBytes {
                rest = .damaged
                return false
            } else {
                offset += piece.count - pattern.count + 1
            }
        }
    }

    private static let searchBytes = 64 << 10
}
