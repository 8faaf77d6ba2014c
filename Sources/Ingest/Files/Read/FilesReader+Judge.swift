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
                section: section, descriptor: descriptor, isRotated: isRotated, status: status,
                unchangedSince: now)
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
        close(oldest)
        return true
    }

    /// Judges those about whom enough is known.
    func judgeCandidates(_ now: ContinuousClock.Instant) {
        guard known != nil, !candidates.isEmpty else { return }
        let isFirstRound = isStarting
        // Known ones first: with them, unknown ones are told from their copies.
        let order = candidates.sorted { left, right in
            (isUnknown(left.value), left.key.shown) < (isUnknown(right.value), right.key.shown)
        }
        for (path, candidate) in order {
            do throws(FileError) {
                if try judge(path, candidate, now, isFirstRound) { candidates[path] = nil }
            } catch {
                teller.stands(.cannotRead(path: path.shown, why: error.description), of: path.shown)
                candidates[path] = nil
            }
        }
    }

    private func isUnknown(_ candidate: FileCandidate) -> Int {
        known?[FileIdentity(candidate.status)] == nil ? 1 : 0
    }

    /// - Returns: whether the judgement is made.
    private func judge(
        _ path: FilePath, _ candidate: FileCandidate, _ now: ContinuousClock.Instant,
        _ isFirstRound: Bool
    ) throws(FileError) -> Bool {
        let descriptor = candidate.descriptor
        guard let status = FileStatus(descriptor.number) else { return true }
        let identity = FileIdentity(status)
        if files[identity] != nil { return true }
        if known!.isHalfImported(identity) {
            teller.stands(.halfImported(path: path.shown), of: path.shown)
            return true
        }
        let mayBeCopy = known![identity] == nil && isRelated(path)
        if mayBeCopy, !isSettled(path, candidate, status, now) { return false }
        let first = try descriptor.firstBytes(FileFingerprint.bytesMax)
        guard CompressedFormat.detect(first.span) == .plain else {
            if !candidate.isRotated {
                teller.stands(.compressed(path: path.shown), of: path.shown)
            }
            ignored[identity] = status
            return true
        }
        guard let start = start(path, candidate, status, first, mayBeCopy, isFirstRound) else {
            ignored[identity] = status
            return true
        }
        begin(identity, descriptor, path, candidate.section, start, now)
        return true
    }

    private func start(
        _ path: FilePath, _ candidate: FileCandidate, _ status: FileStatus, _ first: [UInt8],
        _ mayBeCopy: Bool, _ isFirstRound: Bool
    ) -> FileStart? {
        let identity = FileIdentity(status)
        return unsafe first.withUnsafeBytes { bytes in
            if mayBeCopy {
                let open = files.values.flatMap { [$0.known, $0.former].compactMap(\.self) }
                let copy = unsafe known!.start(ofCopy: bytes, size: status.size, among: open)
                if let copy { return copy }
            }
            let isOurs =
                !candidate.isRotated || known![identity] != nil
                || isFirstRound && isNewerThanKnown(path, status)
            return isOurs ? unsafe known!.start(of: identity, bytes) : nil
        }
    }

    private func begin(
        _ identity: FileIdentity, _ descriptor: OpenFile, _ path: FilePath, _ section: Int,
        _ start: FileStart, _ now: ContinuousClock.Instant
    ) {
        let file = FollowedFile(
            identity, descriptor, path: path, section: section, start: start, now: now)
        files[identity] = file
        ignored[identity] = nil
        if let other = paths[path], other != identity { detach(path, now) }
        paths[path] = identity
        if FileStatus(path).map(FileIdentity.init) != identity { detach(path, now) }
        markDirty(file)
    }

    // MARK: - Copies and rotated files

    /// Whether the name is another one's in the folder with something behind it, as `x.lp.1` and
    /// `x-20260131.lp` are of `x.lp`: then it may be a copy, made before that one was cut.
    private func isRelated(_ path: FilePath) -> Bool {
        guard let name = path.lastComponent?.bytes else { return false }
        let folder = path.folder
        let suffix = name[(name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex)...]
        for index in name.indices.dropFirst() where ".-_".utf8.contains(name[index]) {
            let stem = name[..<index]
            let others: [[UInt8]] = [Array(stem), Array(stem + suffix)]
            for other in others where !name.elementsEqual(other) {
                guard let component = FilePath.Component(bytes: other[...]) else { continue }
                if paths[folder.appending(component)] != nil { return true }
            }
        }
        return false
    }

    private func isSettled(
        _ path: FilePath, _ candidate: FileCandidate, _ status: FileStatus,
        _ now: ContinuousClock.Instant
    ) -> Bool {
        if status != candidate.status {
            candidates[path]?.status = status
            candidates[path]?.unchangedSince = now
        }
        let age = Duration.nanoseconds(currentNanoseconds() - status.changedAt)
        let unchanged = now - candidates[path]!.unchangedSince
        // A clock that was set, or a copy that keeps the time of the original, says nothing.
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

    /// Whether new content must wait because a file in its folder may be a copy of the old one.
    func hasUnsettledCopy(beside path: FilePath) -> Bool {
        candidates.keys.contains { $0.folder == path.folder && $0 != path }
    }
}
