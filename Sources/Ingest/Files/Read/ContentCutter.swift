import Glibc
import LineProtocol

/// Cuts a file's content, read from front to back, into pieces of whole lines.
@safe
struct ContentCutter: ~Copyable {
    // Safe: sole owner of `own`; whoever lends other memory promises that it stays until it is
    // exchanged. Of `buffer`, a part of `memory`, the first `count` bytes are read.
    private let own: UnsafeMutableRawBufferPointer
    private var memory: UnsafeMutableRawBufferPointer
    private var buffer: UnsafeMutableRawBufferPointer
    private var cutter = LineCutter(lineBytesMax: IngestLimits.lineBytesMax)
    private var count = 0
    /// Where the next piece begins in the content.
    private(set) var offset: UInt64 = 0
    private var hasEnded = false
    /// The last piece is consumed.
    private(set) var isDone = false
    private var found: Found?

    /// A piece at the buffer's start that waits to be consumed.
    private struct Found {
        let bytes: Int
        let end: UInt64
        let isLast: Bool
    }

    private static let window = LineCutter.window(lineBytesMax: IngestLimits.lineBytesMax)
    /// Bytes that are read ahead, and of the longest piece.
    static let bufferBytes = FileLimits.chunkBytesMax + window
    /// Bytes of a place where pieces are made.
    static let placeBytes = FileChunk.byteCount + bufferBytes
    /// Bytes of memory.
    static let byteCount =
        placeBytes + LineCutter.byteCount(lineBytesMax: IngestLimits.lineBytesMax)

    init() {
        unsafe own = .allocate(byteCount: Self.placeBytes, alignment: 64)
        unsafe memory = own
        unsafe buffer = UnsafeMutableRawBufferPointer(rebasing: own[FileChunk.byteCount...])
    }

    deinit { unsafe own.deallocate() }

    /// Makes the next piece in `place`, of `placeBytes`, which is lent until that is consumed; the piece
    /// itself stays there. No piece may wait to be consumed.
    mutating func move(to place: UnsafeMutableRawBufferPointer) {
        precondition(found == nil && place.count == Self.placeBytes)
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: place[FileChunk.byteCount...])
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        unsafe memory = place
        unsafe buffer = target
    }

    /// Makes ready for another file, which is read from `offset` on.
    mutating func restart(at offset: UInt64) {
        returnPlace()
        count = 0
        self.offset = offset
        hasEnded = false
        isDone = false
        found = nil
    }

    /// What comes next; its lines are good until it is consumed, those in a lent place until that is
    /// used otherwise.
    @safe
    struct Piece {
        let start: UInt64
        let end: UInt64
        let lines: UnsafeRawBufferPointer
        /// Nothing comes behind it.
        let isLast: Bool
        /// The lines, with room for a `FileChunk` in front.
        fileprivate let frame: UnsafeMutableRawBufferPointer

        /// The payload of a frame: `chunk` and the lines, without a copy of them.
        func payload(_ chunk: FileChunk) -> UnsafeRawBufferPointer {
            unsafe chunk.write(to: frame)
            return unsafe UnsafeRawBufferPointer(frame)
        }
    }

    /// The next piece, the same one until it is consumed; `nil` behind the last one.
    ///
    /// - Parameters:
    ///   - boundary: where pieces end at the latest, for a position; the line that reaches over it
    ///     is the last one of the piece.
    ///   - read: fills a part of memory from the content; 0 at its end.
    mutating func next<Failure: Error>(
        before boundary: (UInt64) -> UInt64? = { _ in nil },
        read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) -> Piece? {
        while found == nil, !isDone {
            let limit = boundary(offset).map { Int(clamping: $0 - offset) } ?? .max
            try unsafe look(beyond: limit, read)
            switch cut(limit: limit) {
            case .lines(let bytes):
                found = Found(bytes: bytes, end: offset + UInt64(bytes), isLast: false)
            case .tooLong(let keep):
                let end = try unsafe passOver(keep: keep, read)
                found = Found(bytes: keep, end: end, isLast: false)
            case .incomplete where hasEnded:
                found = Found(bytes: count, end: offset + UInt64(count), isLast: true)
            case .incomplete:
                try unsafe fill(read)
            }
        }
        return found.map { found in
            unsafe Piece(
                start: offset, end: found.end,
                lines: UnsafeRawBufferPointer(rebasing: buffer[..<found.bytes]),
                isLast: found.isLast,
                frame: UnsafeMutableRawBufferPointer(
                    rebasing: memory[..<(FileChunk.byteCount + found.bytes)]))
        }
    }

    /// The piece has gone its way, or stays in the place that was lent for it.
    mutating func consume() {
        guard let found else { return }
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[found.bytes..<count])
        returnPlace()
        unsafe buffer.copyMemory(from: rest)
        count -= found.bytes
        offset = found.end
        isDone = found.isLast
        self.found = nil
    }

    // MARK: - Parts

    private mutating func returnPlace() {
        unsafe memory = own
        unsafe buffer = UnsafeMutableRawBufferPointer(rebasing: own[FileChunk.byteCount...])
    }

    /// Reads a piece, or so much that the line which reaches over the limit can be judged, if that is
    /// near. Not more: what stands behind a piece is moved when it is consumed.
    private mutating func look<Failure: Error>(
        beyond limit: Int, _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        guard limit <= FileLimits.chunkBytesMax else {
            // Once: a pipe may have no more for now.
            if !hasEnded, count < FileLimits.chunkBytesMax {
                try unsafe fill(upTo: FileLimits.chunkBytesMax, read)
            }
            return
        }
        while !hasEnded, count < limit + Self.window {
            try unsafe fill(upTo: limit + Self.window, read)
        }
    }

    private mutating func fill<Failure: Error>(
        upTo wanted: Int? = nil, _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        precondition(unsafe count < buffer.count, "a full buffer holds a whole line")
        let got = try unsafe read(
            UnsafeMutableRawBufferPointer(rebasing: buffer[count..<(wanted ?? buffer.count)]))
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
        var end = offset + UInt64(keep)
        while true {
            let lineFeed = unsafe memchr(
                buffer.baseAddress! + keep, Int32(UInt8(ascii: "\n")), count - keep)
            let behind = unsafe lineFeed.map { unsafe buffer.baseAddress!.distance(to: $0) + 1 }
            end += UInt64((behind ?? count) - keep)
            remove(keep..<(behind ?? count))
            if behind != nil || hasEnded { return end }
            try unsafe fill(read)
        }
    }

    /// Takes bytes out of the buffer.
    private mutating func remove(_ range: Range<Int>) {
        unsafe (buffer.baseAddress! + range.lowerBound).copyMemory(
            from: buffer.baseAddress! + range.upperBound, byteCount: count - range.upperBound)
        count -= range.count
    }
}
