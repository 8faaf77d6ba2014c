import Glibc

/// Finds where a stream of line protocol can be cut so that both parts decode as the whole does:
/// behind a line feed that ends a logical line, and not one that stands in a string.
package struct LineCutter: ~Copyable {
    /// What can be said about the bytes behind the last cut.
    package enum Cut: Equatable {
        /// So many bytes from the start are whole lines.
        case lines(Int)
        /// Not one whole line is there; with more bytes there may be.
        case incomplete
        /// The line at the start is longer than the limit, and its end is not there. Its first
        /// `keep` bytes decode as what the whole line does: too long, or a comment. The rest is to
        /// be passed over, up to and with its first line feed.
        case tooLong(keep: Int)
    }

    private let lineBytesMax: Int
    private var batch: DecodedBatch

    /// - Parameter lineBytesMax: the longest logical line, in bytes without its line end.
    package init(lineBytesMax: Int = Limits.lineBytesDefault) {
        self.lineBytesMax = lineBytesMax
        batch = DecodedBatch(
            lineCapacity: LineCutter.linesPerBatch, lineBytesMax: lineBytesMax)
    }

    private static let linesPerBatch = 256

    /// Bytes that must fit behind a cut so that the next one is found.
    package static func window(lineBytesMax: Int) -> Int { lineBytesMax + Limits.lineEndBytes + 1 }

    /// Bytes of memory.
    package static func byteCount(lineBytesMax: Int) -> Int {
        DecodedBatch.byteCount(lineCapacity: linesPerBatch, lineBytesMax: lineBytesMax)
    }

    /// Looks at `bytes`, which begin where a line begins.
    package mutating func cut(_ bytes: UnsafeRawBufferPointer) -> Cut {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return .incomplete }
        var whole = bytes.count
        while whole > 0, unsafe bytes[whole - 1] != Byte.lineFeed { whole -= 1 }
        // Only a string can hold a line feed, and the bytes of most files have none.
        let isPlain = unsafe memchr(base, Int32(Byte.quote), whole) == nil
        let end = isPlain ? whole : unsafe endOfLogicalLines(bytes, plainEnd: whole)
        if end > 0 { return .lines(end) }
        guard bytes.count >= Self.window(lineBytesMax: lineBytesMax) else { return .incomplete }
        return .tooLong(keep: Self.window(lineBytesMax: lineBytesMax))
    }

    /// Walks over the lines as the decoder will.
    private mutating func endOfLogicalLines(
        _ bytes: UnsafeRawBufferPointer, plainEnd: Int
    ) -> Int {
        var walker = LineWalker(lineBytesMax: lineBytesMax)
        let block = unsafe LineWalker.Block(
            base: bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), count: bytes.count,
            end: .open, unitNanoseconds: 1)
        var offset = 0
        while offset < bytes.count {
            batch.removeAll()
            let next = walker.walk(block, from: offset, into: &batch)
            if next == offset { break }
            offset = next
        }
        // What is being passed over began behind the last line feed.
        return walker.isSkipping ? plainEnd : offset
    }
}
