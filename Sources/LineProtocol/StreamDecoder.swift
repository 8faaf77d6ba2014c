import Glibc

/// How a stream ended.
package enum StreamEnd: String, CaseIterable, Sendable {
    /// All was read; a last line needs no line end.
    case clean
    /// It broke off: a last line without line end is `truncated`.
    case abort
}

/// Decodes a payload that comes in pieces of any size, with the same results as in one piece.
///
/// A piece is copied into a buffer that holds the longest line; a line is decoded when its line
/// feed is there.
@safe  // Sole owner of its buffer; `start` ... `count` lies within it.
package struct StreamDecoder: ~Copyable {
    private var walker: LineWalker
    private let precision: Precision
    private var batch: DecodedBatch
    private let buffer: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    /// The bytes that are still to be decoded are those at `start ..< count`.
    private var start = 0
    private var count = 0
    private var isAtPayloadStart = true
    /// Bytes of the incomplete first line that were looked at in vain so far.
    private var bytesRetried = 0

    /// Lines that are handed over at once at most.
    private static let linesPerBatch = 1024

    package init(precision: Precision, lineBytesMax: Int = Limits.lineBytesDefault) {
        walker = LineWalker(lineBytesMax: lineBytesMax)
        self.precision = precision
        batch = DecodedBatch(
            lineCapacity: StreamDecoder.linesPerBatch, lineBytesMax: lineBytesMax)
        capacity = lineBytesMax + Limits.lineEndBytes + Limits.streamSlackBytes
        unsafe buffer = .allocate(capacity: capacity)
    }

    deinit { unsafe buffer.deallocate() }

    /// Takes the next piece, and gives `body` the lines that are complete now.
    ///
    /// Danger: the batch and its slices are good only until `body` returns.
    package mutating func feed<Failure: Error>(
        _ piece: UnsafeRawBufferPointer,
        _ body: (borrowing DecodedBatch) throws(Failure) -> Void
    ) throws(Failure) {
        var rest = unsafe piece
        while unsafe !rest.isEmpty {
            makeRoom()
            let taken = min(rest.count, capacity - count)
            unsafe UnsafeMutableRawPointer(buffer + count).copyMemory(
                from: rest.baseAddress!, byteCount: taken)
            let hasLineFeed = unsafe memchr(buffer + count, Int32(Byte.lineFeed), taken) != nil
            count += taken
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            if isWorthTrying(hasLineFeed) { try decode(.open, body) }
        }
    }

    /// Ends the payload, and gives `body` what is left. Afterwards a new payload may begin.
    package mutating func finish<Failure: Error>(
        _ end: StreamEnd = .clean,
        _ body: (borrowing DecodedBatch) throws(Failure) -> Void
    ) throws(Failure) {
        try decode(end == .clean ? .clean : .aborted, body)
        walker.restart()
        (start, count, isAtPayloadStart, bytesRetried) = (0, 0, true, 0)
    }

    /// Whether new bytes can have completed a line. A line that spans many pieces because of line
    /// feeds in its strings is not looked at again and again: after some attempts it waits.
    private func isWorthTrying(_ hasLineFeed: Bool) -> Bool {
        if walker.isSkipping || count == capacity { return true }
        return hasLineFeed && bytesRetried <= Limits.streamRetries * (count - start)
    }

    /// Moves what is left to the front of the buffer when its end is reached.
    private mutating func makeRoom() {
        if start == count { (start, count) = (0, 0) }
        guard count == capacity else { return }
        precondition(start > 0, "a full buffer holds a whole line")
        unsafe buffer.update(from: buffer + start, count: count - start)
        (start, count) = (0, count - start)
    }

    private mutating func decode<Failure: Error>(
        _ end: BlockEnd, _ body: (borrowing DecodedBatch) throws(Failure) -> Void
    ) throws(Failure) {
        if isAtPayloadStart {
            switch unsafe byteOrderMark(buffer + start, count - start) {
            case .present: start += byteOrderMarkBytes
            case .absent: break
            case .undecided: if end == .open { return }
            }
            isAtPayloadStart = false
        }
        let block = unsafe LineWalker.Block(
            base: UnsafePointer(buffer), count: count, end: end,
            unitNanoseconds: precision.unitNanoseconds)
        while start < count {
            batch.removeAll()
            let next = walker.walk(block, from: start, into: &batch)
            if next == start { break }
            bytesRetried = 0
            start = next
            if batch.lineCount > 0 { try body(batch) }
        }
        bytesRetried += count - start
    }
}
