import Files
import Glibc
import SystemPackage

/// Whether a file that has turned up is a new one, one that is known, or a copy of one.
extension FilesReader {
    /// Opens a file, so that it can be renamed and deleted from now on.
    func propose(
        _ path: FilePath, _ section: Int, isRotated: Bool, _ now: ContinuousClock.Instant
    ) {
        if let candidate = candidates[path],
            FileStatus(path).map(FileIdentity.init) == FileIdentity(candidate.status)
        {
            return
        }
        guard files.count + candidates.count < descriptorsMax || closeOneAtRest() else {
            waiting.insert(path)
            teller.stands(.waiting(files: waiting.count), of: "waiting")
            return
        }
        do throws(FileError) {
            let descriptor = try OpenFile(reading: path)
            guard let status = FileStatus(descriptor.number), status.isRegular else { return }
            candidates[path] = FileCandidate(
                section: section, descriptor: descriptor, isRotated: isRotated,
                isNew: turnNumber > 0, status: status, metAt: now, unchangedSince: now)
            waiting.remove(path)
            if waiting.isEmpty { teller.isOver("waiting") }
            teller.isOver(path.shown, telling: .canReadAgain(path: path.shown))
        } catch {
            if error.code == ENOENT { return }
            teller.stands(.cannotRead(path: path.shown, why: error.description), of: path.shown)
        }
    }

    /// Gives the descriptor of a file back that was read to its end; it is known when it grows.
    private func closeOneAtRest() -> Bool {
        let atRest = files.values.filter { file in
            !file.isDirty && !file.isUnconfirmed && !file.isDetached && !file.needsRestart
                && !file.needsRow
        }
        guard let oldest = atRest.min(by: { $0.lastGrowth < $1.lastGrowth }) else { return false }
        self.atRest[oldest.identity] = FileStatus(oldest.descriptor.number)
        close(oldest)
        return true
    }

    /// Judges those about whom enough is known.
    func judgeCandidates(_ now: ContinuousClock.Instant) {
        guard known != nil, !candidates.isEmpty else { return }
        let open = files.values.flatMap { [$0.known, $0.former].compactMap(\.self) }
        var round = Round(
            now: now, isFirst: isStarting, fingerprints: known!.fingerprints(with: open),
            unread: unreadContents())
        // Originals first: with them, copies are known.
        let order = candidates.map { path, candidate in
            (path, candidate, rank: (isUnknown(candidate), isRelated(path, candidate) ? 1 : 0))
        }.sorted { left, right in
            (left.rank.0, left.rank.1, left.0.shown) < (right.rank.0, right.rank.1, right.0.shown)
        }
        for (path, candidate, _) in order {
            do throws(FileError) {
                if try judge(path, candidate, &round) { candidates[path] = nil }
            } catch {
                teller.stands(.cannotRead(path: path.shown, why: error.description), of: path.shown)
                candidates[path] = nil
            }
        }
    }

    /// What all candidates of a round are judged by.
    private struct Round {
        let now: ContinuousClock.Instant
        /// Nobody has looked before.
        let isFirst: Bool
        let fingerprints: FingerprintIndex
        /// Also of files that are begun in this round.
        var unread: UnreadContents
    }

    private func unreadContents() -> UnreadContents {
        var contents = UnreadContents()
        for file in files.values
        where file.position == 0
            || file.isDirty && file.fingerprint.length < FileLimits.copyBytesMin
        {
            let first = try? file.descriptor.firstBytes(FileFingerprint.bytesMax)
            unsafe first?.withUnsafeBytes { unsafe contents.insert($0) }
        }
        return contents
    }

    private func isUnknown(_ candidate: FileCandidate) -> Int {
        known?[FileIdentity(candidate.status)] == nil ? 1 : 0
    }

    /// - Returns: whether the judgement is made.
    private func judge(
        _ path: FilePath, _ candidate: FileCandidate, _ round: inout Round
    ) throws(FileError) -> Bool {
        let now = round.now
        let descriptor = candidate.descriptor
        guard let status = FileStatus(descriptor.number) else { return true }
        let identity = FileIdentity(status)
        if files[identity] != nil { return true }
        if known!.isHalfImported(identity) {
            teller.stands(.halfImported(path: path.shown), of: path.shown)
            return true
        }
        let first = try descriptor.firstBytes(FileFingerprint.bytesMax)
        guard CompressedFormat.detect(first.span) == .plain else {
            if !candidate.isRotated {
                teller.stands(.compressed(path: path.shown), of: path.shown)
            }
            ignored[identity] = status
            return true
        }
        let start = unsafe first.withUnsafeBytes { unsafe known!.start(of: identity, $0) }
        if known![identity] != nil, !start.needsRestart {
            begin(identity, descriptor, path, candidate.section, start, now)
            return true
        }
        return judgeUnknown(path, candidate, status, first, start, &round)
    }

    /// Judges a file whose content was never read under its identity.
    ///
    /// - Parameter start: where it begins if it is no copy.
    /// - Returns: whether the judgement is made.
    private func judgeUnknown(
        _ path: FilePath, _ candidate: FileCandidate, _ status: FileStatus, _ first: [UInt8],
        _ start: FileStart, _ round: inout Round
    ) -> Bool {
        let now = round.now
        let identity = FileIdentity(status)
        let isRelated = isRelated(path, candidate)
        let isUnchanged = isUnchanged(path, status, now)
        let lengthMin = isRelated ? 1 : FileLimits.copyBytesMin
        candidates[path]!.isUnread = false
        let copy = unsafe first.withUnsafeBytes { bytes in
            unsafe round.fingerprints.start(ofCopy: bytes, lengthMin: lengthMin)
        }
        if var copy {
            // As long as the original has it too, it is read from there.
            if isInOriginal(first, upTo: status.size) { return false }
            // It may still be written.
            if copy.position > status.size, !isUnchanged { return false }
            copy.position = min(copy.position, status.size)
            copy.base = copy.position
            begin(identity, candidate.descriptor, path, candidate.section, copy, now)
            return true
        }
        let isUnread = unsafe first.withUnsafeBytes { bytes in
            unsafe round.unread.contain(bytes, lengthMin: lengthMin)
        }
        if isUnread {
            candidates[path]!.isUnread = true
            return false
        }
        let isDecided = first.count == FileFingerprint.bytesMax || isUnchanged
        if isRelated, !isDecided, now - candidate.metAt < FileLimits.copyPatience { return false }
        let isOurs =
            !candidate.isRotated || candidate.isNew && ignored[identity] == nil
            || round.isFirst && isNewerThanKnown(path, status)
        guard isOurs else {
            ignored[identity] = status
            return true
        }
        begin(identity, candidate.descriptor, path, candidate.section, start, now)
        unsafe first.withUnsafeBytes { unsafe round.unread.insert($0) }
        return true
    }

    private func begin(
        _ identity: FileIdentity, _ descriptor: OpenFile, _ path: FilePath, _ section: Int,
        _ start: FileStart, _ now: ContinuousClock.Instant
    ) {
        let file = FollowedFile(
            identity, descriptor, path: path, section: section, start: start, now: now)
        files[identity] = file
        ignored[identity] = nil
        atRest[identity] = nil
        if let other = paths[path], other != identity { detach(path, now) }
        paths[path] = identity
        if FileStatus(path).map(FileIdentity.init) != identity { detach(path, now) }
        markDirty(file)
    }

    // MARK: - Copies and rotated files

    /// Whether the name is what rotation makes of another one that matches, as `x.lp.1` and
    /// `x-20260131.lp` are of `x.lp`: then it may be a copy, made before that one was cut.
    private func isRelated(_ path: FilePath, _ candidate: FileCandidate) -> Bool {
        guard let component = path.lastComponent else { return false }
        let pattern = sections[candidate.section].pattern
        if candidate.isRotated || pattern.isRotated(component) { return true }
        let name = component.bytes
        guard let suffix = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return name[..<suffix].indices.dropFirst().contains { index in
            guard ".-_".utf8.contains(name[index]) else { return false }
            let front = Array(name[..<index] + name[suffix...])
            return FilePath.Component(bytes: front[...]).map { pattern.matches(name: $0) } ?? false
        }
    }

    /// Whether an open file has the same content and was not yet read as far as the copy goes.
    private func isInOriginal(_ first: [UInt8], upTo size: UInt64) -> Bool {
        files.values.contains { file in
            unsafe first.withUnsafeBytes { unsafe file.fingerprint.matches($0) }
                && file.fingerprint.length > 0 && file.position < size
        }
    }

    /// Whether nobody has written to a candidate for a while.
    private func isUnchanged(
        _ path: FilePath, _ status: FileStatus, _ now: ContinuousClock.Instant
    ) -> Bool {
        if let before = candidates[path], status != before.status {
            candidates[path]!.status = status
            candidates[path]!.unchangedSince = now
        }
        let age = Duration.nanoseconds(currentNanoseconds() - status.changedAt)
        let unchanged = candidates[path].map { now - $0.unchangedSince } ?? .zero
        // A copy that keeps the time of the original says nothing by it while it is made.
        return isStarting && age >= FileLimits.copySettle || unchanged >= FileLimits.copySettle
    }

    /// Whether a file with the name of a rotated one was written after another one of them that was
    /// read: so both were rotated while nobody looked.
    private func isNewerThanKnown(_ path: FilePath, _ status: FileStatus) -> Bool {
        files.values.contains { file in
            file.path.folder == path.folder && file.path != path
                && !matches(file.path, file.section) && known![file.identity] != nil
                && areSiblings(file.path, path)
                && FileStatus(file.descriptor.number).map { $0.changedAt <= status.changedAt }
                    ?? false
        }
            || knownSiblings.contains { sibling in
                sibling.path.folder == path.folder && areSiblings(sibling.path, path)
                    && sibling.changedAt <= status.changedAt
            }
    }

    private func matches(_ path: FilePath, _ section: Int) -> Bool {
        path.lastComponent.map { sections[section].pattern.matches(name: $0) } ?? false
    }

    private func areSiblings(_ left: FilePath, _ right: FilePath) -> Bool {
        func stem(_ path: FilePath) -> [UInt8] {
            Array((path.lastComponent?.bytes ?? []).prefix { !".-_".utf8.contains($0) })
        }
        return stem(left) == stem(right)
    }

    /// Whether new content must wait because a file in its folder may be a copy of the old one, or is
    /// one and has no row yet: the old content's row goes with the new content. What waits for a file to
    /// be read is no copy of what was.
    func hasUnsettledCopy(beside path: FilePath) -> Bool {
        candidates.contains { other, candidate in
            other.folder == path.folder && other != path && !candidate.isUnread
        }
            || files.values.contains { file in
                (file.needsRow || file.isRowOpen) && file.path.folder == path.folder
            }
    }
}
