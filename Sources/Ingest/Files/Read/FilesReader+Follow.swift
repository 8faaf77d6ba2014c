import Files
import Glibc
import LineProtocol
import SystemPackage

/// What is appended to followed files.
extension FilesReader {
    enum Progress {
        /// There is nothing more at the moment.
        case done
        /// There is more, but others have their turn first.
        case more
        /// The ring has no room for files.
        case noRoom
    }

    /// Offers what is new in a file.
    func advance(
        _ file: FollowedFile, _ now: ContinuousClock.Instant, _ budget: inout Int
    ) -> Progress {
        do throws(FileError) {
            return try advanceOrFail(file, now, &budget)
        } catch {
            teller.stands(
                .cannotRead(path: file.path.shown, why: error.description), of: file.path.shown)
            return .done
        }
    }

    /// Chunks of one file in a row.
    private static let chunksInARow = 4

    private func advanceOrFail(
        _ file: FollowedFile, _ now: ContinuousClock.Instant, _ budget: inout Int
    ) throws(FileError) -> Progress {
        guard let status = FileStatus(file.descriptor.number) else { return .done }
        if status.size < file.position { try shrink(file, status) }
        // It was cut within the line whose end was looked for.
        if let scan = file.scan, status.size < scan { file.scan = nil }
        // Whoever cut it may have made a copy before: the news of that come first.
        if file.changedInTurn == turnNumber { return .more }
        if file.needsRestart, file.position == 0, hasUnsettledCopy(beside: file.path) {
            return status.size > 0 ? .more : .done
        }
        if file.needsRow, !offerRow(file) { return .noRoom }
        for _ in 0..<Self.chunksInARow where budget > 0 {
            guard status.size > file.position else { return .done }
            budget -= 1
            switch try read(file, now) {
            case .more where file.changedInTurn == turnNumber: return .more
            case .done: return .done
            case .noRoom: return .noRoom
            case .more: break
            }
        }
        return .more
    }

    /// Reads one piece.
    private func read(
        _ file: FollowedFile, _ now: ContinuousClock.Instant
    ) throws(FileError) -> Progress {
        if file.scan != nil { return try passOver(file, now) }
        let overlap = file.tail.count
        let count = try unsafe file.descriptor.read(
            at: file.position - UInt64(overlap),
            into: UnsafeMutableRawBufferPointer(
                rebasing: buffer.bytes[..<(overlap + ContentCutter.bufferBytes)]))
        guard count >= overlap, unsafe buffer.bytes[..<overlap].elementsEqual(file.tail) else {
            restart(file, "has another content in front of where it was read up to")
            return .more
        }
        // What was cut while it was read may be of two contents; the next look tells.
        let compared = unsafe Array(buffer.bytes[..<min(count, FollowedFile.tailBytes)])
        guard try file.descriptor.has(compared, at: file.position - UInt64(overlap)) else {
            file.changedInTurn = turnNumber
            return .more
        }
        let new = unsafe UnsafeRawBufferPointer(rebasing: buffer.bytes[overlap..<count])
        switch unsafe cutter.cut(new) {
        case .incomplete: return .done
        case .lines(let bytes):
            let lines = unsafe UnsafeRawBufferPointer(rebasing: new[..<bytes])
            let end = file.position + UInt64(bytes)
            guard unsafe offer(file, end: end, lines, now) else { return .noRoom }
            let tail = max(0, overlap + bytes - FollowedFile.tailBytes)
            file.tail = unsafe Array(buffer.bytes[tail..<(overlap + bytes)])
            return .more
        case .tooLong(let keep):
            file.scan = file.position + UInt64(keep)
            return .more
        }
    }

    /// Looks for the end of a line that is too long, and offers its beginning in its place.
    private func passOver(
        _ file: FollowedFile, _ now: ContinuousClock.Instant
    ) throws(FileError) -> Progress {
        let count = try unsafe file.descriptor.read(at: file.scan!, into: buffer.bytes)
        if count == 0 { return .done }
        let lineFeed = unsafe memchr(buffer.bytes.baseAddress!, Int32(UInt8(ascii: "\n")), count)
        guard let lineFeed = unsafe lineFeed else {
            file.scan! += UInt64(count)
            return .more
        }
        let end = unsafe file.scan! + UInt64(buffer.bytes.baseAddress!.distance(to: lineFeed)) + 1
        let keep = LineCutter.window(lineBytesMax: IngestLimits.lineBytesMax)
        let kept = try unsafe file.descriptor.read(
            at: file.position, into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<keep]))
        // Else it was cut meanwhile; the next look tells.
        if kept == keep,
            try file.descriptor.has(file.tail, at: file.position - UInt64(file.tail.count))
        {
            let lines = unsafe UnsafeRawBufferPointer(rebasing: buffer.bytes[..<kept])
            guard unsafe offer(file, end: end, lines, now) else { return .noRoom }
            file.tail = []
        }
        file.scan = nil
        return .more
    }

    // MARK: - Offering

    private func offer(
        _ file: FollowedFile, end: UInt64, _ lines: UnsafeRawBufferPointer,
        _ now: ContinuousClock.Instant, flags: FileChunk.Flags = []
    ) -> Bool {
        let key = unsafe file.key(with: lines)
        var flags = flags
        if file.needsRestart { flags.insert(.restart) }
        let chunk = FileChunk(key, start: file.position, end: end, flags: flags)
        guard unsafe outlet.offer(chunk, section: file.section, lines: lines) else { return false }
        file.position = end
        file.fingerprint = key.fingerprint
        file.needsRestart = false
        file.isUnconfirmed = true
        file.lastGrowth = now
        return true
    }

    /// Makes the row of a copy: what it has of the original is in, and nobody will know that from the
    /// original once that has another content.
    private func offerRow(_ file: FollowedFile) -> Bool {
        let chunk = FileChunk(
            file.known.key, start: file.position, end: file.position, flags: .restart)
        let nothing = unsafe UnsafeRawBufferPointer(start: buffer.bytes.baseAddress, count: 0)
        guard unsafe outlet.offer(chunk, section: file.section, lines: nothing) else {
            return false
        }
        file.needsRow = false
        file.isRowOpen = true
        file.needsRestart = false
        file.isUnconfirmed = true
        return true
    }

    // MARK: - Changes

    /// The file has less than was read of it.
    private func shrink(_ file: FollowedFile, _ status: FileStatus) throws(FileError) {
        let first = try file.descriptor.firstBytes(FileFingerprint.bytesMax)
        let isSame =
            unsafe first.withUnsafeBytes { unsafe file.fingerprint.matches($0) }
            && file.fingerprint.length > 0
        if isSame {
            tellRewritten(file, "was cut at its end; what is appended from now on is read")
            file.restart(at: status.size)
            file.changedInTurn = turnNumber
        } else {
            restart(file, "was cut, and has another content")
        }
    }

    private func restart(_ file: FollowedFile, _ why: String) {
        tellRewritten(file, "\(why); it is read anew")
        let state = outlet.state(of: file.identity)
        // What got lost on its way may be in a copy.
        file.restart(after: state.isPending ? file.known : state.committed)
        file.changedInTurn = turnNumber
    }

    private func tellRewritten(_ file: FollowedFile, _ how: String) {
        teller.happened(.rewritten(path: file.path.shown, how: how))
    }

    /// Sees whether what was offered has arrived; goes back when it got lost.
    func confirm(_ file: FollowedFile) {
        guard !file.needsRestart, !file.needsRow else { return }
        let state = outlet.state(of: file.identity)
        guard !state.isPending else { return }
        file.isUnconfirmed = false
        file.isRowOpen = false
        if let committed = state.committed, committed == file.known { return }
        markDirty(file)
        let first = (try? file.descriptor.firstBytes(FileFingerprint.bytesMax)) ?? []
        guard unsafe first.withUnsafeBytes({ unsafe file.fingerprint.matches($0) }) else {
            restart(file, "was cut, and has another content")
            return
        }
        let isOurs =
            state.committed.map { committed in
                unsafe first.withUnsafeBytes { unsafe committed.key.fingerprint.matches($0) }
                    && committed.position >= file.base
            } ?? false
        if isOurs {
            file.rewind(to: state.committed!.position)
        } else {
            let hasRow = state.committed != nil || file.base > 0
            file.rewind(to: file.base)
            file.needsRestart = hasRow
        }
    }

    /// A file that no name leads to is read as long as its writer goes on, and a little longer.
    func lookAfter(_ file: FollowedFile, _ now: ContinuousClock.Instant) {
        guard let status = FileStatus(file.descriptor.number) else { return }
        if status.size != file.position, !file.isDirty { markDirty(file) }
        let isDeleted = status.linkCount == 0
        let patience = isDeleted ? FileLimits.deletedPatience : FileLimits.detachedPatience
        guard now - file.lastGrowth >= patience, !file.isUnconfirmed, !file.needsRow else { return }
        if isDeleted, status.size > file.position, !offerRest(file, now) { return }
        if file.isUnconfirmed { return }
        close(file, isGone: isDeleted)
    }

    /// The last line of a deleted file will never get its line end.
    private func offerRest(_ file: FollowedFile, _ now: ContinuousClock.Instant) -> Bool {
        do throws(FileError) {
            let count = try unsafe file.descriptor.read(at: file.position, into: buffer.bytes)
            let size = FileStatus(file.descriptor.number)?.size ?? 0
            // What is longer than the buffer is a line that is too long.
            let end =
                unsafe count < buffer.bytes.count
                ? file.position + UInt64(count) : max(size, file.position + UInt64(count))
            let lines = unsafe UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])
            return unsafe offer(file, end: end, lines, now, flags: .isLast)
        } catch {
            return true
        }
    }

    /// Gives a file's descriptor back; it is known when it turns up again.
    func close(_ file: FollowedFile, isGone: Bool = false) {
        files[file.identity] = nil
        if paths[file.path] == file.identity { paths[file.path] = nil }
        known?.note(file.known, isGone: isGone)
        outlet.forget(file.identity)
    }
}
