/// What a writer does with files that it finds.
extension RejectsWriter {
    /// Settles the last block of the newest file, which may have been at work when the process before
    /// ended, and goes on in that file.
    ///
    /// - Parameter known: the position that the database has, or had.
    mutating func recover(upTo known: UInt64) {
        do throws(RejectsError) {
            guard let (file, survey) = try RejectsFile.newest(of: lane, in: directory, disk: disk)
            else { return }
            if try settle(file, survey, upTo: known) { self.file = file }
            file.unlock()
        } catch {
            problem = error.description
        }
    }

    /// - Returns: whether the file takes more blocks.
    private func settle(
        _ file: RejectsFile, _ survey: RejectsSurvey, upTo known: UInt64
    ) throws(RejectsError) -> Bool {
        var end = survey.end
        var holdsLast = true
        switch survey.rest {
        case .nothing, .unfinished: break
        case .cut(let block) where block.ring == ring && block.end > known: break
        case .cut, .damaged: return false
        }
        if survey.rest == .nothing, let last = survey.unsettled, last.ring == ring,
            last.end > known
        {
            end = last.offset
            holdsLast = false
        }
        if end < survey.fileBytes { try file.cut(to: end) }
        let blocks = survey.blocks.count - (holdsLast ? 0 : 1)
        if blocks > survey.settledCount || !holdsLast && blocks > 0 { try Self.mark(file) }
        // At once: what the database says next may be less.
        try file.synchronise()
        return true
    }

    /// Says in the file that its last block holds.
    mutating func markSettled() throws(RejectsError) {
        guard let file, lastEnd > 0 else { return }
        guard file.lock() else {
            // Whoever took it away has made sure of that.
            self.file = nil
            return
        }
        // Where a write before broke off.
        try file.cut(to: file.size)
        try Self.mark(file)
        try file.synchronise()
        lastEnd = 0
    }

    private static func mark(_ file: RejectsFile) throws(RejectsError) {
        var buffer = RejectsBuffer(capacity: 16)
        buffer.append(RejectsSurvey.settledMark)
        try file.append(buffer)
    }
}
