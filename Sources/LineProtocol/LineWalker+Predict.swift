extension LineWalker {
    /// Decodes lines of the layout that the batch knows, as long as they come.
    ///
    /// - Returns: the offset of the first line that is not of that layout, or for which there is
    ///   no room.
    @inline(__always)
    mutating func walkPredicted(
        _ block: Block, from start: Int, into batch: inout DecodedBatch
    ) -> Int {
        guard predictsLayout, batch.layout.shape.itemCount > 0 else { return start }
        var offset = start
        var formChanged = false
        repeat {
            if batch.layout.form.lineBytes > 0 {
                offset = walkForm(block, from: offset, into: &batch)
                guard hasMore(block, offset, batch) else { return offset }
            }
            (offset, formChanged) = walkLayout(block, from: offset, into: &batch)
        } while formChanged && hasMore(block, offset, batch)
        return offset
    }

    /// Decodes lines of the form that the batch knows, as long as they come.
    @inline(never)
    private mutating func walkForm(
        _ block: Block, from start: Int, into batch: inout DecodedBatch
    ) -> Int {
        walkLines(block, from: start, into: &batch, areOfForm: true).offset
    }

    /// Decodes lines of the layout that the batch knows, up to one of a form that it did not know.
    @inline(never)
    private mutating func walkLayout(
        _ block: Block, from start: Int, into batch: inout DecodedBatch
    ) -> (offset: Int, formChanged: Bool) {
        walkLines(block, from: start, into: &batch, areOfForm: false)
    }

    /// All that changes from line to line is local here, and so in registers.
    ///
    /// - Parameter areOfForm: whether the lines are those of `walkForm`; a constant, so that each of the
    ///   two has a loop of its own.
    @inline(__always)
    private mutating func walkLines(
        _ block: Block, from start: Int, into batch: inout DecodedBatch, areOfForm: Bool
    ) -> (offset: Int, formChanged: Bool) {
        let shape = batch.layout.shape
        let form = batch.layout.form
        var head = batch.layout.timestampHead
        let end = unsafe UnsafeRawPointer(block.base + block.count)
        let segments = unsafe UnsafePointer(shape.segments)
        let lastSegment = unsafe segments + shape.itemCount
        let powersOfTen = unsafe Tables.shared.powersOfTen
        let unitNanoseconds = block.unitNanoseconds
        let blockEndsLine = block.end.endsLine
        let firstNumber = lineNumber
        let firstOrdinal = batch.layout.lineCount
        let quietUntil = batch.layout.steadiness.quietUntil
        let room = batch.room(itemsPerLine: shape.itemCount)
        let lines = unsafe batch.lineBase + batch.lineCount
        let firstItem = batch.itemCount
        var items = unsafe batch.itemBase + firstItem
        var count = 0
        var formChanged = false
        var lineStart = unsafe UnsafeRawPointer(block.base + start)
        while unsafe count < room && lineStart < end {
            let behind: UnsafeRawPointer
            if areOfForm {
                guard unsafe end - lineStart >= form.lineBytes, unsafe form.matches(lineStart)
                else { break }
                unsafe form.read(lineStart, into: items)
                unsafe behind = lineStart + form.timestampOffset
            } else {
                guard
                    let found = unsafe readItems(
                        lineStart, end, powersOfTen, segments, lastSegment, into: items)
                else { break }
                unsafe behind = found
            }
            var reader = unsafe LayoutReader(behind, end: end, powersOfTen)
            var timestamp: Int64 = 0
            if shape.timestamp.digitCount > 0 {
                guard let units = reader.timestamp(shape.timestamp, &head) else { break }
                let (product, isOverflow) = units.multipliedReportingOverflow(by: unitNanoseconds)
                if isOverflow { break }
                timestamp = product
            }
            let byteCount = unsafe reader.cursor - lineStart
            guard reader.skipLineEnd(endCounts: blockEndsLine), byteCount <= lineBytesMax else {
                break
            }
            let text = unsafe lineStart.assumingMemoryBound(to: UInt8.self)
            unsafe (lines + count).initialize(
                to: DecodedLine(
                    raw: ByteSlice(base: text, count: byteCount),
                    measurement: ByteSlice(
                        base: text + shape.measurementOffset, count: shape.measurementCount),
                    firstItem: Int32(truncatingIfNeeded: firstItem &+ count &* shape.itemCount),
                    tagCount: Int32(truncatingIfNeeded: shape.tagCount),
                    fieldCount: Int32(truncatingIfNeeded: shape.itemCount &- shape.tagCount),
                    error: nil, hasTimestamp: shape.timestamp.digitCount > 0,
                    timestamp: timestamp, number: firstNumber &+ count,
                    layoutNumber: shape.number))
            if !areOfForm {
                let ordinal = firstOrdinal &+ UInt64(truncatingIfNeeded: count)
                if ordinal >= quietUntil {
                    unsafe batch.layout.changedForm(
                        lines[count], UnsafePointer(items), ordinal: ordinal)
                    formChanged = true
                }
            }
            count &+= 1
            unsafe items += shape.itemCount
            unsafe lineStart = reader.cursor
            if formChanged { break }
        }
        lineNumber += count
        batch.layout.timestampHead = head
        batch.takePredicted(lines: count, items: count &* shape.itemCount)
        return unsafe (lineStart - UnsafeRawPointer(block.base), formChanged)
    }
}
