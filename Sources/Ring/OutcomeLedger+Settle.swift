/// What changes when the database has said how far it is.
extension OutcomeLedger {
    /// What was staged for the batch that ends at `position` holds, and its frames are gone.
    ///
    /// - Returns: false, with nothing changed, unless it accounts for all of `gone`.
    mutating func release(to position: UInt64, _ gone: FrameCount) -> Bool {
        guard isSettled else { return false }
        var sum = FrameCount()
        for record in records {
            guard let pending = record.pending, pending.position == position else { continue }
            guard record.frames.holds(record.batch) else { return false }
            sum = sum + record.batch
        }
        guard sum == gone else { return false }
        for index in records.indices {
            guard let pending = records[index].pending, pending.position == position else {
                continue
            }
            records[index].frames = records[index].frames - records[index].batch
            adopt(index, at: position)
        }
        holdFrames()
        return true
    }

    /// Frames leave the ring without an outcome that says which.
    mutating func release(to position: UInt64, _ frames: FrameVisits) {
        frames { place, source, bytes in
            let index = Ring.ledgerIndex(of: source)
            records[index].frames.subtract(bytes)
            let isCounted = place.position < records[index].effective?.position ?? 0
            guard !isSettled, isCounted else { return }
            // What a forged block counts need not have been there at the opening.
            let frame = FrameCount(frames: 1, bytes: UInt64(bytes))
            records[index].counted = records[index].counted.less(frame)
        }
        for index in records.indices { adopt(index, at: position) }
        holdFrames()
    }

    private mutating func adopt(_ index: Int, at position: UInt64) {
        guard let pending = records[index].pending, pending.position <= position else { return }
        records[index].effective = pending
        records[index].pending = nil
    }

    /// Takes up that the database has everything before `position`, and no more.
    ///
    /// - Parameters:
    ///   - frames: those that leave the ring.
    ///   - account: may change the totals, which then hold as of `position`.
    mutating func settle(
        at position: UInt64, _ frames: FrameVisits, account: LedgerAccount
    ) {
        var settlements = records.indices.map { Settlement(index: $0) }
        let before = records.map { $0.effective?.position ?? 0 }
        let batches = records.map(\.batch)
        for index in records.indices {
            adopt(index, at: position)
            erasePending(index)
        }
        let counted = records.map { $0.effective?.position ?? 0 }
        var ofBatch = records.map { _ in FrameCount() }
        frames { place, source, bytes in
            let index = Ring.ledgerIndex(of: source)
            guard place.position < counted[index] else {
                settlements[index].uncounted.add(bytes)
                return
            }
            settlements[index].counted.add(bytes)
            if place.position >= before[index] { ofBatch[index].add(bytes) }
        }
        for index in records.indices {
            if counted[index] > before[index] {
                settlements[index].missing = batches[index].less(ofBatch[index])
                // Frames that were dropped before the batch, which a power cut has undone.
                let surplus = ofBatch[index].less(batches[index])
                settlements[index].counted = settlements[index].counted - surplus
                settlements[index].uncounted = settlements[index].uncounted + surplus
            }
            settle(index, at: position, &settlements[index], account)
        }
        isSettled = true
        holdFrames()
    }

    private mutating func settle(
        _ index: Int, at position: UInt64, _ settlement: inout Settlement, _ account: LedgerAccount
    ) {
        let gone = settlement.counted + settlement.uncounted
        records[index].frames = records[index].frames.less(gone)
        let isTooFar = position < records[index].effective?.position ?? 0
        if isTooFar { settlement.returned = records[index].counted.less(settlement.counted) }
        records[index].counted = FrameCount()
        if settlement.isEmpty && !isTooFar { return }
        let old = totals(of: index)
        var new = old
        if !settlement.isEmpty { account(settlement, &new) }
        if isTooFar || !isSame(old, new) { restate(index, new, position, settlement.uncounted) }
    }

    /// Writes totals as of `position` into the free block, and only then gives the other one up.
    private mutating func restate(
        _ index: Int, _ totals: OutcomeWords, _ position: UInt64, _ batch: FrameCount
    ) {
        let before = records[index].effective
        let copy = before.map { 1 - $0.copy } ?? 0
        let total = (before?.total ?? FrameCount()).wrappingMore(batch)
        records[index].effective = write(totals, of: position, total, to: index, copy: copy)
        if let before, before.position >= position { place(index, copy: before.copy).erase() }
    }
}

/// Calls its argument with the place, the source and the payload's bytes of each frame.
typealias FrameVisits = ((Cursor, UInt16, Int) -> Void) -> Void

private func isSame(_ one: OutcomeWords, _ other: OutcomeWords) -> Bool {
    for word in one.indices where one[word] != other[word] { return false }
    return true
}
