import LineProtocol
import Postgres

extension Writer where Session: ~Copyable {
    /// Encodes lines of one layout as long as nothing about them needs a closer look.
    ///
    /// - Parameter first: the line to begin with.
    /// - Returns: how many lines became rows; the next one may need a closer look.
    mutating func encodeRun(
        from first: Int, _ context: FrameContext, _ counts: inout FrameCounts
    ) -> Int {
        var line = unsafe decoded.place(ofLine: first)
        var items = unsafe decoded.items(of: line.pointee).baseAddress!
        guard let layout = unsafe router.planLayout(for: line, items) else { return 0 }
        let number = unsafe line.pointee.layoutNumber
        let itemCount = unsafe Int(line.pointee.tagCount + line.pointee.fieldCount)
        let firstRow = Int32(truncatingIfNeeded: rows.count)
        let origins = unsafe rows.beginOrigins()
        var fixed = rows.slab.beginFixedRows(
            columnCount: router.plan.columnCount, rowsMax: decoded.lineCount - first)
        var done = 0
        var cutCount = 0
        while fixed.rowsLeft > 0, unsafe line.pointee.layoutNumber == number {
            let (time, verdict) = unsafe context.time(of: line)
            guard case .fine = verdict else { break }
            fixed.beginRow()
            guard
                let losesDigits = unsafe router.plan.append(
                    items, of: line.pointee.raw, time: time, to: &fixed)
            else { break }
            fixed.keepRow()
            let isCut = unsafe losesDigits && line.pointee.hasTimestamp
            let next = firstRow &+ Int32(truncatingIfNeeded: done) &+ 1
            unsafe (origins + done).initialize(
                to: RowOrigin(line.pointee.raw, context, layout.pointee, isCut: isCut, next: next))
            done &+= 1
            if isCut { cutCount &+= 1 }
            unsafe line += 1
            unsafe items += itemCount
        }
        rows.slab.endFixedRows(fixed)
        unsafe rows.endOrigins(done, ofShape: layout.pointee.shape)
        router.planHit(done)
        counts.lines &+= UInt64(done)
        counts.rows &+= UInt64(done)
        unsafe counts.unmatchedValues &+= UInt64(done &* layout.pointee.unmatchedCount)
        counts.timestampsCut &+= UInt64(cutCount)
        return done
    }
}
