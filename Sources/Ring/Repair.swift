/// Where new frames may go after a survey, and what has to be written first.
struct Repair {
    let codec: EntryCodec
    let survey: Survey
    let mark: Mark
    let isVouched: Bool

    /// Makes what was found consistent: gaps become padding, and the head gets a position that was
    /// never used before. Whoever calls has put the damaged bytes aside.
    func perform() -> (mark: Mark, usedBytes: Int, jumpTarget: UInt64?) {
        for gap in survey.gaps where gap.kind != .tornHead { blank(gap) }
        if survey.gaps.last?.kind == .tornHead {
            // What is cut off must not look like a torn frame again at the next start.
            codec.area.store(0, survey.cursor.offset)
        }
        let frames = UInt64(survey.frames)
        var repaired = mark
        repaired.framesEver = mark.framesGone + frames
        repaired.head = survey.cursor
        guard mustLeap else { return (repaired, survey.usedBytes, nil) }
        let used = leap(&repaired.head)
        if survey.usedBytes == 0 { repaired.tail = repaired.head }
        return (repaired, used, repaired.head.position)
    }

    /// Where the head was, as far as anything knows.
    private var knownHead: UInt64 { max(survey.cursor.position, mark.head.position) }

    /// Nobody may meet a position twice: the database remembers the last one that it has, and would
    /// take a new frame there for one that it knows. Without the page cache's word the head may have
    /// been anywhere.
    private var mustLeap: Bool { !isVouched || knownHead > survey.cursor.position }

    /// Writes the jump marker, over the last one if nothing came behind that, and moves the head
    /// behind it. An empty ring needs none.
    ///
    /// - Returns: how many bytes are used then.
    private func leap(_ head: inout Cursor) -> Int {
        var used = survey.usedBytes
        var marker = survey.jumpAtHead
        if used > 0, marker == nil {
            let rest = codec.capacity - head.offset
            if rest < Layout.jumpBytes {
                codec.writePadding(rest, at: head)
                head = head.advanced(by: rest, capacity: codec.capacity)
                used += rest
            }
            marker = head
            head = head.advanced(by: Layout.jumpBytes, capacity: codec.capacity)
            used += Layout.jumpBytes
        }
        head.position = Leap.target(from: max(knownHead, head.position), offset: head.offset)
        if let marker { codec.writeJump(to: head.position, at: marker) }
        return used
    }

    /// Covers a gap with padding, and with a jump where the positions behind do not follow.
    private func blank(_ gap: Survey.Gap) {
        var cursor = gap.start
        var rest = gap.bytes
        var needsJump = gap.nextPosition != gap.start.position + UInt64(gap.bytes)
        while rest > 0 {
            let stretch = min(rest, codec.capacity - cursor.offset)
            if needsJump, stretch >= Layout.jumpBytes {
                rest -= Layout.jumpBytes
                codec.writeJump(to: gap.nextPosition - UInt64(rest), at: cursor)
                cursor = cursor.advanced(by: Layout.jumpBytes, capacity: codec.capacity)
                cursor.position = gap.nextPosition - UInt64(rest)
                needsJump = false
                continue
            }
            let length = min(stretch, Layout.paddingBytesMax)
            codec.writePadding(length, at: cursor)
            cursor = cursor.advanced(by: length, capacity: codec.capacity)
            rest -= length
        }
    }
}
