import Glibc

/// What stands behind the last byte of a block.
enum BlockEnd {
    /// More bytes of the same payload may come.
    case open
    /// The payload's end: it ends the last line.
    case clean
    /// The same, but a last line without line end that breaks off is only a part of one.
    case endOfFile
    /// The stream broke off: a last line without line end is only a part of one.
    case aborted
}

extension BlockEnd {
    /// Whether a last line without line end can be whole.
    var endsLine: Bool { self == .clean || self == .endOfFile }
}

/// Cuts a block into logical lines and decodes them: blank lines, comments, recovery after bad
/// lines, line numbers, the length limit. Every decision depends only on the bytes of the payload,
/// never on how they were cut into blocks.
struct LineWalker {
    let lineBytesMax: Int
    /// The physical line on which the next byte stands, counted from 1.
    var lineNumber = 1
    /// Whether the rest of a physical line is still to be passed over: of a comment, or of a line
    /// that was too long.
    var isSkipping = false

    /// Whether a line is first taken for one of the last line's layout.
    let predictsLayout: Bool

    init(lineBytesMax: Int, predictsLayout: Bool = true) {
        precondition(lineBytesMax > 0 && lineBytesMax <= Limits.lineBytesMax)
        self.lineBytesMax = lineBytesMax
        self.predictsLayout = predictsLayout
    }

    /// Makes ready for a new payload.
    mutating func restart() {
        lineNumber = 1
        isSkipping = false
    }

    /// A block and its surroundings, the same for all of its lines.
    @safe  // `base` is read at 0 ..< count only.
    struct Block {
        let base: UnsafePointer<UInt8>
        let count: Int
        let end: BlockEnd
        let unitNanoseconds: Int64
    }

    /// Decodes lines from `offset` on until the block ends, its last line is incomplete or the
    /// batch is full.
    ///
    /// - Returns: the offset of the first byte that is still to be decoded.
    mutating func walk(
        _ block: Block, from start: Int, into batch: inout DecodedBatch
    ) -> Int {
        precondition(lineBytesMax + Limits.lineEndBytes <= batch.scratchCapacity)
        var offset = start
        if isSkipping { offset = skipRest(block, from: offset) }
        offset = walkPredicted(block, from: offset, into: &batch)
        // Most payloads of few lines end here: the scanner would be a part of their price.
        guard hasMore(block, offset, batch) else { return offset }
        var scanner = unsafe PointScanner(block.base, batch: batch)
        repeat {
            let next = step(block, offset, &scanner, &batch)
            if next == offset { break }
            offset = walkPredicted(block, from: next, into: &batch)
        } while hasMore(block, offset, batch)
        return offset
    }

    @inline(__always)
    func hasMore(_ block: Block, _ offset: Int, _ batch: borrowing DecodedBatch) -> Bool {
        offset < block.count && batch.lineCount < batch.lineCapacity
    }

    /// Decodes the line at `start`, of which nothing is known; gives its start back when it is
    /// incomplete or does not fit into the batch.
    @inline(never)
    private mutating func step(
        _ block: Block, _ start: Int, _ scanner: inout PointScanner, _ batch: inout DecodedBatch
    ) -> Int {
        let window = min(block.count, start + lineBytesMax + Limits.lineEndBytes)
        scanner.begin(start, end: window, batch)
        scanner.skipBlanks()
        let isPlain = scanner.position < scanner.end && scanner[scanner.position] > Byte.hash
        if !isPlain, let next = stepWithoutPoint(block, start, &scanner, &batch) { return next }

        let point: PointScanner.Point
        do {
            point = try scanner.point(block.unitNanoseconds)
        } catch {
            guard case .bad(let reason) = error else {
                precondition(batch.lineCount > 0, "a batch holds at least one line")
                return start
            }
            return recover(block, start, reason, scanner.position, &batch)
        }
        guard isDecided(block, start, point.rawEnd, scanner) else {
            let isTooLong = point.rawEnd - start > lineBytesMax
            return recover(block, start, isTooLong ? .lineTooLong : .truncated, scanner.end, &batch)
        }
        accept(point, start, scanner, &batch)
        if predictsLayout, scanner.lineFeeds == 0 { batch.missedLayout() }
        return scanner.position
    }

    /// Puts a point into the batch.
    @inline(__always)
    private mutating func accept(
        _ point: PointScanner.Point, _ start: Int, _ scanner: PointScanner,
        _ batch: inout DecodedBatch
    ) {
        batch.append(
            DecodedLine(
                raw: scanner.slice(start, point.rawEnd), measurement: point.measurement,
                firstItem: Int32(truncatingIfNeeded: batch.itemCount),
                tagCount: Int32(truncatingIfNeeded: point.tagCount),
                fieldCount: Int32(truncatingIfNeeded: point.fieldCount), error: nil,
                hasTimestamp: point.hasTimestamp, timestamp: point.timestamp, number: lineNumber,
                layoutNumber: 0),
            itemCount: scanner.itemCount, scratchUsed: scanner.scratchUsed)
        lineNumber += 1 + scanner.lineFeeds
    }

    /// Whether the point's end is the end of its line, and not just of what may be read.
    @inline(__always)
    private func isDecided(
        _ block: Block, _ start: Int, _ rawEnd: Int, _ scanner: PointScanner
    ) -> Bool {
        guard rawEnd - start <= lineBytesMax else { return false }
        return scanner.endedByLineFeed || (scanner.end == block.count && block.end.endsLine)
    }

    // MARK: Lines without a point

    /// Passes over a blank line or a comment; refuses a line that begins with NUL. Gives nil when
    /// the line is none of them.
    @inline(never)
    private mutating func stepWithoutPoint(
        _ block: Block, _ start: Int, _ scanner: inout PointScanner, _ batch: inout DecodedBatch
    ) -> Int? {
        if scanner.position < scanner.end, scanner[scanner.position] == Byte.hash {
            isSkipping = true
            return skipRest(block, from: scanner.position)
        }
        let first = scanner.position
        while scanner.position < scanner.end,
            scanner.isBlank(scanner[scanner.position]) || scanner[scanner.position] == 0
        { scanner.position += 1 }
        let isWhole = scanner.end == block.count && block.end != .open
        if scanner.position + 1 >= scanner.end, !isWhole, !isLineFeed(scanner) {
            // Blank as far as one can see.
            return recover(block, start, .truncated, scanner.end, &batch)
        }
        if scanner.position - start > lineBytesMax {
            return recover(block, start, .lineTooLong, scanner.position, &batch)
        }
        if scanner.isAtLineEnd {
            if let lineFeed = firstLineFeed(block, scanner.position, scanner.end) {
                lineNumber += 1
                return lineFeed + 1
            }
            return block.count
        }
        if scanner.position > first {
            return recover(block, start, .invalidCharacter, scanner.position, &batch)
        }
        return nil
    }

    private func isLineFeed(_ scanner: PointScanner) -> Bool {
        scanner.position < scanner.end && scanner[scanner.position] == Byte.lineFeed
    }

    /// Passes over the rest of a physical line.
    private mutating func skipRest(_ block: Block, from offset: Int) -> Int {
        guard let lineFeed = firstLineFeed(block, offset, block.count) else { return block.count }
        isSkipping = false
        lineNumber += 1
        return lineFeed + 1
    }

    // MARK: Bad lines

    /// Puts an error in the place of the line at `start`, and goes on after its first line feed.
    ///
    /// - Parameter position: where the scanner stood. When that is at the end of what may be
    ///   read, the error may be just the cut's doing.
    @inline(never)
    private mutating func recover(
        _ block: Block, _ start: Int, _ scanned: LineError, _ position: Int,
        _ batch: inout DecodedBatch
    ) -> Int {
        let window = min(block.count, start + lineBytesMax + Limits.lineEndBytes)
        let isCut = window < block.count
        let lineFeed = firstLineFeed(block, start, window)
        // An escape or a CR is read together with the byte behind it; a line feed is the end.
        let isAtLineFeed = unsafe position < window && block.base[position] == Byte.lineFeed
        let mayBeCut = !isAtLineFeed && position + Limits.lineEndBytes > window
        // The scanner never stops on a line feed inside of a string: at or before the first one,
        // it stood in the first physical line and saw all that matters.
        let isWithinFirst = lineFeed.map { position <= $0 } ?? false
        var error = scanned
        if scanned != .lineTooLong && !isWithinFirst && (mayBeCut || lineFeed == nil) {
            if isCut {
                error = .lineTooLong
            } else if block.end == .open {
                return start
            } else if block.end != .clean {
                error = .truncated
            }
        }
        let end = rawEnd(block, start, lineFeed ?? window)
        // A string may have led the scanner beyond the first physical line.
        let reached = max(end, rawEnd(block, start, position))
        if reached - start > lineBytesMax { error = .lineTooLong }
        refuse(block, start, min(end, start + lineBytesMax), error, &batch)
        if let lineFeed {
            lineNumber += 1
            return lineFeed + 1
        }
        isSkipping = true
        return skipRest(block, from: window)
    }

    private func refuse(
        _ block: Block, _ start: Int, _ end: Int, _ error: LineError,
        _ batch: inout DecodedBatch
    ) {
        let raw = unsafe ByteSlice(base: block.base + start, count: end - start)
        let nothing = unsafe ByteSlice(base: block.base + start, count: 0)
        batch.append(
            DecodedLine(
                raw: raw, measurement: nothing,
                firstItem: Int32(truncatingIfNeeded: batch.itemCount),
                tagCount: 0, fieldCount: 0, error: error, hasTimestamp: false, timestamp: 0,
                number: lineNumber, layoutNumber: 0),
            itemCount: batch.itemCount, scratchUsed: batch.scratchUsed)
    }

    /// `end` without the CR in front of it.
    private func rawEnd(_ block: Block, _ start: Int, _ end: Int) -> Int {
        unsafe end > start && block.base[end - 1] == Byte.carriageReturn ? end - 1 : end
    }

    private func firstLineFeed(_ block: Block, _ start: Int, _ end: Int) -> Int? {
        guard start < end,
            let found = unsafe memchr(block.base + start, Int32(Byte.lineFeed), end - start)
        else { return nil }
        return unsafe block.base.distance(to: found.assumingMemoryBound(to: UInt8.self))
    }
}
