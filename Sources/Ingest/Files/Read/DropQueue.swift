import Files
import Glibc
import SystemPackage

/// The complete files of one `[[files]]`, taken one after the other in the order of their paths.
final class DropQueue {
    /// A file that is, or will be, complete.
    private struct Waiting {
        var status: FileStatus
        var unchangedSince: ContinuousClock.Instant
        /// It was renamed into place, or has not changed for long.
        var isWhole: Bool
        /// What it is ordered by.
        let bytes: [UInt8]

        var identity: FileIdentity { FileIdentity(status) }
    }

    /// The file at work.
    private struct Current {
        let path: FilePath
        let descriptor: OpenFile
        let content: ContentReader
        let status: FileStatus
        let key: FileKey
        /// What the database knows of this identity is of another content.
        let isAnew: Bool
        var needsRestart: Bool
    }

    /// A file all of whose lines are on their way.
    private struct Finishing {
        let path: FilePath
        let status: FileStatus
        let known: KnownFile
        let isAnew: Bool
        let isBroken: Bool

        /// Whether the database has all of it. Where nothing was left to write, its row may cover
        /// fewer of the first bytes.
        func isIn(_ committed: KnownFile?) -> Bool {
            committed?.position == known.position && (!isAnew || committed?.key == known.key)
        }
    }

    private let section: FilesSection
    private var cutter = ContentCutter()
    private var waiting: [FilePath: Waiting] = [:]
    /// Paths that are ready, the next one last.
    private var order: [FilePath] = []
    private var isOrderStale = true
    private var current: Current?
    private var finishing: [Finishing] = []
    /// Files that stay and are done, as they were then.
    private var done: [FileIdentity: FileStatus] = [:]
    /// Files that cannot be opened are tried again at the next look only.
    private var failed: Set<FilePath> = []

    init(_ section: FilesSection) {
        self.section = section
    }

    /// Whether something is under way.
    var isBusy: Bool { current != nil || !finishing.isEmpty || !waiting.isEmpty }

    /// Files that are waiting or at work.
    var count: Int { waiting.count + finishing.count + (current == nil ? 0 : 1) }

    /// Files that are being offered.
    var identities: [FileIdentity] {
        (current.map { [$0.key.identity] } ?? []) + finishing.map(\.known.key.identity)
            + waiting.values.map(\.identity)
    }

    // MARK: - What is there

    /// A name leads to a file, or does so no more.
    ///
    /// - Parameters:
    ///   - cameWhole: whether it was renamed to that name just now.
    ///   - isFirstLook: whether nobody has looked at it before: then its own time tells.
    func meet(
        _ path: FilePath, _ now: ContinuousClock.Instant, cameWhole: Bool, isFirstLook: Bool
    ) {
        failed.remove(path)
        guard let status = FileStatus(path), status.isRegular else {
            if waiting.removeValue(forKey: path) != nil { isOrderStale = true }
            return
        }
        let identity = FileIdentity(status)
        if done[identity] == status || current?.key.identity == identity
            || finishing.contains(where: { $0.known.key.identity == identity })
        {
            return
        }
        if var known = waiting[path], known.identity == identity {
            if known.status != status {
                known.status = status
                known.unchangedSince = now
            }
            known.isWhole = known.isWhole || cameWhole
            waiting[path] = known
            return
        }
        let age = Duration.nanoseconds(currentNanoseconds() - status.changedAt)
        waiting[path] = Waiting(
            status: status, unchangedSince: now,
            isWhole: cameWhole || isFirstLook && age >= section.settings.unchanged,
            bytes: Array(path.shown.utf8))
        isOrderStale = true
    }

    /// The next file in the order of paths that is complete.
    private func next(_ now: ContinuousClock.Instant) -> FilePath? {
        if isOrderStale || order.isEmpty {
            let ready = waiting.filter { isReady($0.key, $0.value, now) }
            order = ready.sorted { $1.value.bytes.lexicographicallyPrecedes($0.value.bytes) }
                .map(\.key)
            isOrderStale = false
        }
        return order.popLast()
    }

    private func isReady(
        _ path: FilePath, _ file: Waiting, _ now: ContinuousClock.Instant
    ) -> Bool {
        if failed.contains(path) { return false }
        if file.isWhole { return true }
        guard now - file.unchangedSince >= section.settings.unchanged else { return false }
        // The kernel may have had no word for the last changes.
        meet(path, now, cameWhole: false, isFirstLook: false)
        return waiting[path].map { now - $0.unchangedSince >= section.settings.unchanged } ?? false
    }

    // MARK: - Reading

    /// Offers what comes next.
    ///
    /// - Returns: whether there was room for all of it.
    func turn(
        _ reader: FilesReader, _ now: ContinuousClock.Instant, _ budget: inout Int
    ) -> Bool {
        finish(reader, now)
        while budget > 0 {
            if current == nil {
                guard finishing.count < FileLimits.unfinishedMax, let path = next(now) else {
                    return true
                }
                budget -= 1
                open(path, reader)
                continue
            }
            budget -= 1
            do throws(FileError) {
                if try !offer(reader) { return false }
            } catch {
                cannotRead(current!.path, error, reader)
                current = nil
            }
        }
        return true
    }

    private func cannotRead(_ path: FilePath, _ error: FileError, _ reader: FilesReader) {
        failed.insert(path)
        reader.teller.stands(
            .cannotRead(path: path.shown, why: error.description), of: path.shown)
    }

    private func open(_ path: FilePath, _ reader: FilesReader) {
        do throws(FileError) {
            let descriptor = try OpenFile(reading: path)
            guard let status = FileStatus(descriptor.number), status.isRegular else {
                waiting[path] = nil
                return
            }
            reader.teller.isOver(path.shown, telling: .canReadAgain(path: path.shown))
            try begin(path, descriptor, status, reader)
            waiting[path] = nil
        } catch {
            // Somebody has taken it away; the folder's news say the same.
            guard error.code != ENOENT else {
                waiting[path] = nil
                return
            }
            cannotRead(path, error, reader)
        }
    }

    private func begin(
        _ path: FilePath, _ descriptor: OpenFile, _ status: FileStatus,
        _ reader: FilesReader
    ) throws(FileError) {
        let identity = FileIdentity(status)
        if reader.known!.isHalfImported(identity) {
            done[identity] = status
            reader.teller.stands(.halfImported(path: path.shown), of: path.shown)
            return
        }
        let first = try descriptor.firstBytes(FileFingerprint.bytesMax)
        let (start, fingerprint) = unsafe first.withUnsafeBytes { bytes in
            unsafe (reader.known!.start(of: identity, bytes), FileFingerprint(of: bytes))
        }
        let content = try ContentReader(descriptor.number, name: descriptor.name, isFile: true)
        let isKept = section.settings.done == .keep
        if isKept, content.isPlain, status.size > 0, start.position >= status.size {
            done[identity] = status
            return
        }
        try content.skip(to: start.position)
        cutter.restart(at: start.position)
        current = Current(
            path: path, descriptor: descriptor, content: content, status: status,
            key: FileKey(identity, fingerprint), isAnew: start.needsRestart,
            needsRestart: start.needsRestart)
    }

    /// - Returns: whether there was room.
    private func offer(_ reader: FilesReader) throws(FileError) -> Bool {
        let file = current!
        guard
            let piece = try unsafe cutter.next(
                read: { (target) throws(FileError) in try unsafe file.content.read(into: target) })
        else { preconditionFailure("a file is finished with its last piece") }
        let fault = piece.isLast ? file.content.fault : nil
        var flags: FileChunk.Flags = piece.isLast ? .isLast : []
        if fault?.breaksLine ?? false { flags.insert(.isBroken) }
        if file.needsRestart { flags.insert(.restart) }
        let chunk = FileChunk(file.key, start: piece.start, end: piece.end, flags: flags)
        guard unsafe reader.outlet.offer(chunk, section: section.index, lines: piece.lines) else {
            return false
        }
        cutter.consume()
        current!.needsRestart = false
        guard piece.isLast else { return true }
        if let fault {
            reader.teller.happened(
                .broken(path: file.path.shown, why: fault.description))
        }
        finishing.append(
            Finishing(
                path: file.path, status: file.status,
                known: KnownFile(file.key, position: piece.end), isAnew: file.isAnew,
                isBroken: fault != nil))
        current = nil
        return true
    }

    // MARK: - Done

    /// Sees which files have arrived in the database.
    private func finish(_ reader: FilesReader, _ now: ContinuousClock.Instant) {
        guard !finishing.isEmpty else { return }
        var left: [Finishing] = []
        for file in finishing {
            let identity = file.known.key.identity
            let state = reader.outlet.state(of: identity)
            if state.isPending {
                left.append(file)
            } else if file.isIn(state.committed) {
                reader.known!.note(file.known)
                reader.outlet.forget(identity)
                conclude(file, reader)
            } else {
                // Chunks were lost on their way; what the database has is where it goes on.
                if let committed = state.committed { reader.known!.note(committed) }
                waiting[file.path] = Waiting(
                    status: file.status, unchangedSince: now, isWhole: true,
                    bytes: Array(file.path.shown.utf8))
                isOrderStale = true
            }
        }
        finishing = left
    }

    /// Does with a file that is in the database what is configured.
    private func conclude(_ file: Finishing, _ reader: FilesReader) {
        let identity = file.known.key.identity
        let what = file.isBroken ? .keep : section.settings.done
        // It may have another name by now, or its name another file.
        let isThere = FileStatus(file.path).map(FileIdentity.init) == identity
        do throws(FileError) {
            switch what {
            case .keep: done[identity] = file.status
            case .delete where isThere:
                try removeFile(file.path)
                reader.known!.note(file.known, isGone: true)
            case .move where isThere:
                try moveFile(file.path, into: FilePath(section.settings.doneDirectory))
            case .delete, .move: break
            }
        } catch {
            done[identity] = file.status
            reader.teller.happened(
                .cannotFinish(path: file.path.shown, why: error.description))
            return
        }
        let words: [Configuration.FilesDone: String] = [
            .keep: "", .move: " and was moved", .delete: " and was deleted",
        ]
        reader.teller.happened(
            .done(path: file.path.shown, bytes: file.known.position, what: words[what]!))
    }
}
