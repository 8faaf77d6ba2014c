package import LineProtocol
package import Ring

/// Keeps the refused lines of one lane in files that are themselves line protocol.
///
/// They are kept exactly once, like rows: the refused lines of a batch are on the disk before the
/// batch is committed, as one block of a file, and the block holds only if the batch is committed.
/// A lane's order is: `settle(upTo:)` when the database has told its position; then for each batch
/// `add` for each refused line, `write(end:)` before the COMMIT, and after it `settle(upTo:)`, or
/// `giveUp` when it is rolled back. One thread uses it.
///
/// Nothing here throws or traps for what stands on the disk: what cannot be kept is counted, and
/// `problem` says why.
package struct RejectsWriter: ~Copyable {
    /// Since the writer was made.
    package var counters: RejectsCounters { settledCounters }
    /// Why lines of the last batch that had any are not kept, in one line; nil when all of them are.
    package var problem: String?

    let directory: RejectsDirectory
    let lane: String
    let ring: RingIdentity
    var file: RejectsFile?
    /// The end of the last block in `file` that holds.
    var lastEnd: UInt64 = 0
    /// The database's position was asked for, and what the files had in doubt is settled.
    var isRecovered = false
    var settledCounters = RejectsCounters()
    let disk: RejectsDisk
    private let ringDigits: [UInt8]
    private let fileSize: Int
    private let fileAge: Int64
    private let now: @Sendable () -> Int64
    private var comment: RejectsComment
    private var buffer: RejectsBuffer
    private var batch = Batch()
    /// Bytes that may be written before the directory is looked at again.
    private var credit = 0
    private let grant: Int

    /// What the batch at work has come to.
    private struct Batch {
        var block: Block?
        var keptBytes: UInt64 = 0
        var unkeptLines: UInt64 = 0
        /// No further line of it can be kept.
        var isRefused = false
        /// Set when it is on the disk.
        var end: UInt64?
    }

    /// Its block in the file.
    private struct Block {
        /// Where it begins in the file.
        let start: Int
        /// Bytes of it that are in the file already.
        var spilled = 0
        var lines: UInt64 = 0
    }

    /// - Parameters:
    ///   - lane: the lane's number, or `replay`: a part of its files' names.
    ///   - lanes: how many lanes there are beside a replay.
    ///   - ring: the ring whose positions are meant.
    ///   - sourceName: the name behind a frame's source, asked once for each.
    ///   - now: nanoseconds since 1970.
    package init(
        _ settings: Configuration.Rejects, lane: String, lanes: Int, ring: RingIdentity,
        sourceName: @escaping (UInt16) -> String?,
        now: @escaping @Sendable () -> Int64 = { currentNanoseconds() },
        disk: RejectsDisk = .kernel
    ) {
        directory = RejectsDirectory(
            path: settings.directory, size: settings.size, lanes: lanes + 1)
        self.lane = lane
        self.ring = ring
        self.disk = disk
        self.now = now
        ringDigits = Array(ring.description.utf8)
        fileSize = min(settings.fileSize, settings.size / 4)
        fileAge = settings.fileAge.wholeNanoseconds
        grant = RejectsLimits.grant(size: settings.size, lanes: lanes + 1)
        comment = RejectsComment(sourceName: sourceName)
        buffer = RejectsBuffer(
            capacity: RejectsLimits.bufferBytes(size: settings.size, lanes: lanes + 1))
    }

    // MARK: - A batch

    /// Takes a line that was refused.
    ///
    /// - Parameters:
    ///   - line: its bytes as they came.
    ///   - source: the frame's.
    ///   - receivedAt: the frame's, in nanoseconds since 1970.
    ///   - precision: the unit that its timestamp is in.
    ///   - sqlState: where the database refused it.
    ///   - table: the table's name in SQL, where one was found.
    ///   - detail: what there is to say of this line, where somebody has put it into words.
    package mutating func add(
        _ line: ByteSlice, source: UInt16, reason: RejectReason, receivedAt: Int64,
        precision: Precision, sqlState: String? = nil, table: String? = nil, detail: String? = nil
    ) {
        precondition(isRecovered && batch.end == nil, "rejects: settle before the next batch")
        let length = Int(line.count)
        guard prepare(for: RejectsLimits.commentBytesMax + length + 1) else {
            batch.unkeptLines += 1
            return
        }
        let before = blockBytes
        comment.append(
            RejectsComment.Content(
                source: source, reason: reason, receivedAt: receivedAt, precision: precision,
                byteCount: length, sqlState: sqlState, table: table, detail: detail),
            at: now(), to: &buffer)
        guard append(line) else {
            batch.unkeptLines += 1
            return
        }
        batch.block?.lines += 1
        batch.keptBytes += UInt64(length)
        credit -= blockBytes - before
    }

    /// Brings the batch's refused lines to the disk, before it is committed.
    ///
    /// - Parameter end: the ring's position behind the batch.
    package mutating func write(end: UInt64) {
        precondition(isRecovered && batch.end == nil && end > 0)
        if let block = batch.block, block.lines == 0 { discard(block) }
        if let block = batch.block {
            do throws(RejectsError) {
                try finish(block, end: end)
                try file?.synchronise()
            } catch {
                fail(error)
            }
        }
        do throws(RejectsError) {
            // What was cut off must be off the disk before the position moves past its end.
            try file?.synchronise()
        } catch {
            problem = error.description
        }
        batch.end = end
    }

    /// The batch is rolled back: none of its lines was refused.
    package mutating func giveUp() {
        if let block = batch.block { discard(block) }
        file?.unlock()
        batch = Batch()
    }

    /// Says how much of the ring is in the database, after a COMMIT and whenever the database was
    /// asked for it.
    ///
    /// - Parameters:
    ///   - position: what the database has.
    ///   - confirmed: what the ring knows that the database had once; that a restored database has
    ///     less does not undo what was refused.
    package mutating func settle(upTo position: UInt64, confirmed: UInt64 = 0) {
        let known = max(position, confirmed)
        if !isRecovered {
            recover(upTo: known)
            isRecovered = true
        }
        if let end = batch.end, end <= known { keep(end) } else { giveUp() }
        // The database has less than it had: it was restored.
        guard lastEnd > position else { return }
        do throws(RejectsError) {
            try markSettled()
        } catch {
            // It is tried again as long as it is needed.
            problem = error.description
        }
        file?.unlock()
    }

    private mutating func keep(_ end: UInt64) {
        if let block = batch.block {
            lastEnd = end
            settledCounters.keptLines += block.lines
            settledCounters.keptBytes += batch.keptBytes
        }
        settledCounters.unkeptLines += batch.unkeptLines
        if batch.block != nil, batch.unkeptLines == 0 { problem = nil }
        file?.unlock()
        batch = Batch()
    }

    // MARK: - The block

    private var blockBytes: Int { (batch.block?.spilled ?? 0) + buffer.count }

    /// - Returns: whether a line of this length, with its comment, can be kept.
    @inline(__always)
    private mutating func prepare(for bytes: Int) -> Bool {
        if batch.block != nil, credit >= bytes, buffer.room >= RejectsLimits.commentBytesMax {
            return true
        }
        return prepareSlowly(for: bytes)
    }

    @inline(never)
    private mutating func prepareSlowly(for bytes: Int) -> Bool {
        guard !batch.isRefused, directory.size > 0 else { return false }
        do throws(RejectsError) {
            if batch.block == nil { try begin() }
            if credit < bytes {
                guard try extendCredit(to: bytes) else { return false }
            }
            if buffer.room < RejectsLimits.commentBytesMax { try spill() }
            return true
        } catch {
            fail(error)
            return false
        }
    }

    private mutating func begin() throws(RejectsError) {
        try openFile()
        buffer.removeAll()
        RejectsBlock.appendHeader(ring: ringDigits, to: &buffer)
        batch.block = Block(start: file!.size)
        credit -= buffer.count
    }

    /// Sees to a locked file that takes another block.
    private mutating func openFile() throws(RejectsError) {
        if let file {
            if file.lock() {
                // What a file says of its age may be anything.
                let (age, isAbsurd) = now().subtractingReportingOverflow(file.createdAt)
                if file.size < fileSize, !isAbsurd, age < fileAge { return }
                try markSettled()
            }
            closeFile()
        }
        try directory.make()
        file = try RejectsFile.create(
            lane: lane, in: directory, createdAt: now(), disk: disk)
        credit -= RejectsSurvey.headerBytes + RejectsSurvey.settledBytes
        lastEnd = 0
    }

    private mutating func closeFile() {
        do throws(RejectsError) {
            try file?.synchronise()
        } catch {
            problem = error.description
        }
        file?.unlock()
        file = nil
    }

    private mutating func extendCredit(to bytes: Int) throws(RejectsError) -> Bool {
        let own = file?.name
        let wanted = max(bytes, grant)
        let directory = directory
        var removed = RejectsDirectory.Removed()
        let hasRoom = try directory.locked { () throws(RejectsError) in
            // What is in the buffer is not in the file yet.
            try directory.makeRoom(
                for: wanted + buffer.count, keeping: own, removed: &removed)
        }
        settledCounters.removedFiles += removed.files
        settledCounters.removedLines += removed.lines
        settledCounters.removedBytes += removed.bytes
        guard hasRoom else {
            batch.isRefused = true
            problem = "rejects.size (\(Size.text(directory.size))) is used up within one batch"
            return false
        }
        credit = wanted
        return true
    }

    /// - Returns: whether the whole line has its place.
    @inline(__always)
    private mutating func append(_ line: ByteSlice) -> Bool {
        let length = Int(line.count)
        if length < buffer.room {
            unsafe buffer.append(line.base, length)
            buffer.append(UInt8(ascii: "\n"))
            return true
        }
        return appendSlowly(line)
    }

    @inline(never)
    private mutating func appendSlowly(_ line: ByteSlice) -> Bool {
        var done = 0
        do throws(RejectsError) {
            while done < Int(line.count) {
                if buffer.room == 0 { try spill() }
                let count = min(buffer.room, Int(line.count) - done)
                unsafe buffer.append(line.base + done, count)
                done += count
            }
            if buffer.room == 0 { try spill() }
            buffer.append(UInt8(ascii: "\n"))
            return true
        } catch {
            fail(error)
            return false
        }
    }

    private mutating func spill() throws(RejectsError) {
        try file!.append(buffer)
        batch.block!.spilled += buffer.count
        buffer.removeAll()
    }

    /// Writes what is left of the block, and its figures last.
    private mutating func finish(_ block: Block, end: UInt64) throws(RejectsError) {
        let header = RejectsBlock(
            offset: block.start, ring: ring, end: end, lines: block.lines,
            bytes: blockBytes - RejectsBlock.headerBytes)
        let isSpilled = block.spilled > 0
        if !isSpilled { header.fill(&buffer) }
        try spill()
        guard isSpilled else { return }
        RejectsBlock.appendHeader(ring: ringDigits, to: &buffer)
        header.fill(&buffer)
        defer { buffer.removeAll() }
        try file!.replace(at: block.start, with: buffer)
    }

    /// None of the batch's lines can be kept.
    private mutating func fail(_ error: RejectsError) {
        problem = error.description
        batch.isRefused = true
        batch.keptBytes = 0
        guard let block = batch.block else { return }
        batch.unkeptLines += block.lines
        discard(block)
    }

    /// Takes the block out of the file.
    private mutating func discard(_ block: Block) {
        batch.block = nil
        buffer.removeAll()
        do throws(RejectsError) {
            try file?.cut(to: block.start)
        } catch {
            problem = error.description
            file = nil
        }
    }
}
