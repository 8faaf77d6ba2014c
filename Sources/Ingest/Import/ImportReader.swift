import Glibc
import LineProtocol

/// Cuts a file's content into chunks of whole lines, at most one piece of a stripe each.
@safe
struct ImportReader: ~Copyable {
    // Safe: sole owner of `buffer`, of which the first `count` bytes are read.
    private let buffer: UnsafeMutableRawBufferPointer
    private var cutter = LineCutter(lineBytesMax: IngestLimits.lineBytesMax)
    private var count = 0
    /// Where the buffer's first byte stands in the content.
    private var offset: UInt64 = 0
    private var hasEnded = false
    private var isDone = false

    private static let window = LineCutter.window(lineBytesMax: IngestLimits.lineBytesMax)

    /// Bytes that are read ahead, and the longest piece.
    static let bufferBytes = FileLimits.chunkBytesMax + window
    /// Bytes of memory.
    static let byteCount =
        bufferBytes
        + LineCutter.byteCount(lineBytesMax: IngestLimits.lineBytesMax)

    init() {
        unsafe buffer = .allocate(byteCount: Self.bufferBytes, alignment: 64)
    }

    deinit { unsafe buffer.deallocate() }

    /// Makes ready for another file, which is read from `offset` on.
    mutating func restart(at offset: UInt64) {
        count = 0
        self.offset = offset
        hasEnded = false
        isDone = false
    }

    /// What was cut off, good until `body` returns.
    @safe
    struct Piece {
        let start: UInt64
        let end: UInt64
        let lines: UnsafeRawBufferPointer
        /// Nothing comes behind it.
        let isLast: Bool
    }

    /// Gives the next piece to `body`; after the last one it does nothing.
    ///
    /// - Parameters:
    ///   - stripes: where pieces end at the latest.
    ///   - read: fills a part of memory from the content; 0 at its end.
    /// - Returns: whether there was one.
    mutating func next<Failure: Error>(
        _ stripes: ImportPlan.Stripes?,
        read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int,
        _ body: (Piece) throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        while !isDone {
            let limit = stripes.map { Int(clamping: $0.boundary(after: offset) - offset) } ?? .max
            try unsafe look(beyond: limit, read)
            switch cut(limit: limit) {
            case .lines(let bytes):
                try give(bytes, end: offset + UInt64(bytes), isLast: false, body)
                return true
            case .tooLong(let keep):
                let end = try unsafe passOver(keep: keep, read)
                try give(keep, end: end, isLast: false, body)
                return true
            case .incomplete where hasEnded:
                isDone = true
                try give(count, end: offset + UInt64(count), isLast: true, body)
                return true
            case .incomplete:
                try unsafe fill(read)
            }
        }
        return false
    }

    /// Reads so much that the line which reaches over the limit can be judged, if the limit is near.
    private mutating func look<Failure: Error>(
        beyond limit: Int, _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        guard limit < .max else {
            if !hasEnded, count < FileLimits.chunkBytesMax { try unsafe fill(read) }
            return
        }
        let wanted = min(limit, FileLimits.chunkBytesMax) + Self.window
        while !hasEnded, count < wanted { try unsafe fill(read) }
    }

    private mutating func fill<Failure: Error>(
        _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        precondition(unsafe count < buffer.count, "a full buffer holds a whole line")
        let got = try unsafe read(UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
        count += got
        if got == 0 { hasEnded = true }
    }

    /// Cuts in front of the limit, or where the line that reaches over it ends. That place depends on
    /// the content alone: every run finds the same.
    private mutating func cut(limit: Int) -> LineCutter.Cut {
        guard limit < count else { return cut(first: count) }
        var end = limit
        while true {
            let cut = cut(first: end)
            guard cut == .incomplete, end < count,
                let lineFeed = unsafe memchr(
                    buffer.baseAddress! + end, Int32(UInt8(ascii: "\n")), count - end)
            else { return cut == .incomplete && end < count ? self.cut(first: count) : cut }
            end = unsafe buffer.baseAddress!.distance(to: lineFeed) + 1
        }
    }

    private mutating func cut(first bytes: Int) -> LineCutter.Cut {
        unsafe cutter.cut(UnsafeRawBufferPointer(rebasing: buffer[..<bytes]))
    }

    /// Reads on to the end of a line that is too long, of which the first bytes are kept.
    ///
    /// - Returns: where the next line begins in the content.
    private mutating func passOver<Failure: Error>(
        keep: Int, _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) -> UInt64 {
        while true {
            let rest = count - keep
            if rest > 0,
                let lineFeed = unsafe memchr(
                    buffer.baseAddress! + keep, Int32(UInt8(ascii: "\n")), rest)
            {
                let behind = unsafe buffer.baseAddress!.distance(to: lineFeed) + 1
                remove(keep..<behind)
                return offset + UInt64(keep)
            }
            remove(keep..<count)
            if hasEnded { return offset + UInt64(keep) }
            try unsafe fill(read)
        }
    }

    /// Takes bytes out; those in front of them seem to stand further behind in the content.
    private mutating func remove(_ range: Range<Int>) {
        unsafe (buffer.baseAddress! + range.lowerBound).copyMemory(
            from: buffer.baseAddress! + range.upperBound, byteCount: count - range.upperBound)
        count -= range.count
        offset += UInt64(range.count)
        passedOver += UInt64(range.count)
    }

    /// Bytes that were taken out of the line in front of the buffer.
    private var passedOver: UInt64 = 0

    private mutating func give<Failure: Error>(
        _ bytes: Int, end: UInt64, isLast: Bool, _ body: (Piece) throws(Failure) -> Void
    ) throws(Failure) {
        try unsafe body(
            Piece(
                start: offset - passedOver, end: end,
                lines: UnsafeRawBufferPointer(rebasing: buffer[..<bytes]), isLast: isLast))
        unsafe buffer.baseAddress!.copyMemory(
            from: buffer.baseAddress! + bytes, byteCount: count - bytes)
        count -= bytes
        offset += UInt64(bytes)
        passedOver = 0
    }
}
