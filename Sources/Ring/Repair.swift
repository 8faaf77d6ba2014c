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
        guard let target = jumpTarget else { return (repaired, survey.usedBytes, nil) }
        if survey.usedBytes == 0 {
            repaired.head.position = target
            repaired.tail = repaired.head
            return (repaired, 0, target)
        }
        let used = jump(&repaired.head, to: target)
        return (repaired, used, target)
    }

    /// Nobody may meet a position twice: the database remembers the last one that it has, and would
    /// take a new frame there for one that it knows. Without the page cache's word the head may
    /// have been anywhere, so it leaps further than it can have come.
    private var jumpTarget: UInt64? {
        let head = max(survey.cursor.position, mark.head.position)
        if !isVouched {
            // At the end of all positions the leap stays inside them: only a forged file is there.
            return min(head + RingLimits.jumpBytes, RingLimits.positionMax - 8)
        }
        return head > survey.cursor.position ? head : nil
    }

    /// Writes the jump marker, over the last one if nothing came behind that.
    private func jump(_ head: inout Cursor, to target: UInt64) -> Int {
        guard target > head.position else { return survey.usedBytes }
        if let last = survey.jumpAtHead {
            codec.writeJump(to: target, at: last)
            head.position = target
            return survey.usedBytes
        }
        var used = survey.usedBytes
        let rest = codec.capacity - head.offset
        if rest < Layout.jumpBytes {
            codec.writePadding(rest, at: head)
            head = head.advanced(by: rest, capacity: codec.capacity)
            used += rest
        }
        codec.writeJump(to: target, at: head)
        head = head.advanced(by: Layout.jumpBytes, capacity: codec.capacity)
        head.position = target
        return used + Layout.jumpBytes
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
