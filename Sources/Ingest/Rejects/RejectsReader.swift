import Ring

/// Reads what a file of rejects holds, as far as it makes sense.
struct RejectsReader: ~Copyable {
    let survey: RejectsSurvey
    private let descriptor: RejectsDescriptor
    private let path: String

    /// - Returns: nil when there is no such file.
    static func open(_ path: String) throws(RejectsError) -> RejectsReader? {
        guard let descriptor = try RejectsDescriptor.open(path, writable: false) else { return nil }
        return try RejectsReader(reading: descriptor, path: path)
    }

    private init(reading descriptor: consuming RejectsDescriptor, path: String) throws(RejectsError)
    {
        survey = try RejectsSurvey(descriptor.number, path: path)
        self.descriptor = descriptor
        self.path = path
    }

    /// Whether the last block may belong to a batch that is not in the database.
    ///
    /// - Parameter confirmed: what the database is known to have of a ring; nil when nobody will
    ///   ever settle batches of that ring.
    func isInDoubt(_ confirmed: (RingIdentity) -> UInt64?) -> Bool {
        guard let last = survey.unsettled, let known = confirmed(last.ring) else { return false }
        return last.end > known
    }

    /// Goes through the entries of whole blocks, in the order of the file.
    ///
    /// - Parameters:
    ///   - blocks: which ones, by index.
    ///   - body: takes each entry.
    /// - Returns: bytes of what is no entry though it should be one.
    func forEach(
        in blocks: Range<Int>, _ body: (RejectsEntry) throws(RejectsError) -> Void
    ) throws(RejectsError) -> Int {
        var input = try RejectsInput(descriptor.number, path: path)
        var damaged = 0
        for block in survey.blocks[blocks] {
            var offset = block.offset + RejectsBlock.headerBytes
            while offset < block.next {
                guard let (entry, next) = try Self.entry(at: offset, before: block.next, &input)
                else {
                    damaged += block.next - offset
                    break
                }
                try body(entry)
                offset = next
            }
        }
        return damaged
    }

    private static func entry(
        at offset: Int, before end: Int, _ input: inout RejectsInput
    ) throws(RejectsError) -> (RejectsEntry, next: Int)? {
        let room = min(RejectsLimits.commentBytesMax, end - offset)
        let piece = try input.bytes(at: offset, count: room)
        guard let lineEnd = piece.firstIndex(of: UInt8(ascii: "\n")),
            let (parsed, byteCount) = RejectsEntry.parse(piece[..<lineEnd])
        else { return nil }
        let start = offset + lineEnd - piece.startIndex + 1
        guard byteCount < end - start else { return nil }
        let line = try input.bytes(at: start, count: byteCount + 1)
        guard line.count == byteCount + 1, line.last == UInt8(ascii: "\n") else { return nil }
        var entry = parsed
        entry.line = Array(line.dropLast())
        return (entry, start + byteCount + 1)
    }
}
