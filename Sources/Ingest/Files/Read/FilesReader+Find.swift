import Files
import Glibc
import SystemPackage

/// Where files are, and what happens to their names.
extension FilesReader {
    // MARK: - What the kernel tells

    func takeChanges(_ now: ContinuousClock.Instant) {
        let news: (changes: [FolderWatch.Change], isOverflown: Bool)
        do throws(FileError) {
            guard let changes = try watch?.changes() else { return }
            news = changes
        } catch {
            watch = nil
            teller.stands(.cannotWatch(why: error.description), of: Self.watchKey)
            return
        }
        if news.isOverflown { lookEverywhere() }
        for change in news.changes { take(change, now) }
    }

    private func lookEverywhere() {
        for index in sections.indices { sections[index].nextLook = nil }
    }

    private func take(_ change: FolderWatch.Change, _ now: ContinuousClock.Instant) {
        guard let name = change.name, change.kind != .folderGone else {
            for index in sections.indices where sections[index].folders[change.folder] != nil {
                sections[index].nextLook = nil
            }
            return
        }
        let path = change.folder.appending(name)
        switch change.kind {
        case .modified:
            if let file = paths[path].flatMap({ files[$0] }) {
                markDirty(file)
                return
            }
        case .vanished: detach(path, now)
        case .appeared, .movedHere, .folderGone: break
        }
        for index in sections.indices {
            guard sections[index].folders[change.folder] != nil else { continue }
            if sections[index].isLast(change.folder) {
                meet(path, name, index, now, cameWhole: change.kind == .movedHere)
            } else if sections[index].leads(name, in: change.folder) {
                // A folder further down has come or gone.
                sections[index].nextLook = nil
            }
        }
    }

    /// Looks at one name in a folder where files may be.
    private func meet(
        _ path: FilePath, _ name: FilePath.Component, _ index: Int, _ now: ContinuousClock.Instant,
        cameWhole: Bool
    ) {
        let section = sections[index]
        let matches = section.pattern.matches(name: name)
        if section.settings.mode == .drop {
            if matches { drops[index]!.meet(path, now, cameWhole: cameWhole, isFirstLook: false) }
        } else if matches || section.pattern.isRotated(name) {
            meet(path, index, isRotated: !matches, now)
        }
    }

    // MARK: - Looking everywhere

    /// Walks through the folders of a section.
    func look(_ index: Int, _ now: ContinuousClock.Instant) {
        sections[index].nextLook = now + sections[index].settings.rescan
        let section = sections[index]
        var walk = walk(section)
        sections[index].folders = walk.folders
        // What came between the walk and the watch would be seen by neither.
        if watchFolders() { walk = self.walk(section) }
        tell(walk, section)
        for (path, matches) in walk.paths {
            if section.settings.mode == .drop {
                drops[index]!.meet(
                    path, now, cameWhole: false, isFirstLook: isStarting)
            } else {
                meet(path, index, isRotated: !matches, now)
            }
        }
        for (path, identity) in paths where files[identity]?.section == index {
            if FileStatus(path).map(FileIdentity.init) != identity { detach(path, now) }
        }
        for path in waiting where FileStatus(path) == nil { waiting.remove(path) }
    }

    private func walk(_ section: FilesSection) -> Walk {
        var walk = Walk(section: section)
        section.pattern.expand(&walk, withRotated: section.settings.mode == .follow)
        return walk
    }

    /// What a walk through the folders of a section has met.
    private struct Walk: PathPattern.Visitor {
        let section: FilesSection
        var folders: [FilePath: Int] = [:]
        var paths: [(path: FilePath, matches: Bool)] = []
        var errors: [(folder: FilePath, error: FileError)] = []

        init(section: FilesSection) { self.section = section }

        mutating func visit(folder: FilePath, depth: Int) { folders[folder] = depth }

        mutating func visit(path: FilePath, matches: Bool) { paths.append((path, matches)) }

        mutating func cannotRead(folder: FilePath, _ error: FileError) {
            errors.append((folder, error))
        }
    }

    private func tell(_ walk: Walk, _ section: FilesSection) {
        let failed = Set(walk.errors.map(\.folder))
        for (folder, error) in walk.errors {
            teller.stands(
                .folderMissing(path: folder.shown, why: error.reason), of: folder.shown)
        }
        for folder in walk.folders.keys where !failed.contains(folder) {
            teller.isOver(folder.shown, telling: .folderBack(path: folder.shown))
        }
    }

    /// Watches the folders of all sections, and no others.
    ///
    /// - Returns: whether there are new ones among them.
    private func watchFolders() -> Bool {
        guard watch != nil else { return false }
        let before = watch!.watched
        let wanted = sections.reduce(into: Set<FilePath>()) { $0.formUnion($1.folders.keys) }
        let last = sections.reduce(into: Set<FilePath>()) { folders, section in
            folders.formUnion(section.folders.keys.filter { section.isLast($0) })
        }
        for folder in watch!.watched.subtracting(wanted) { watch!.remove(folder) }
        var failure: FileError?
        for folder in wanted {
            do throws(FileError) {
                try watch!.add(folder, withContent: last.contains(folder))
            } catch {
                // What is not there is looked for at the next rescan, or when its own folder tells.
                // A folder on the way that may not be read only tells less soon.
                let isGone = error.code == ENOENT || error.code == ENOTDIR
                if !isGone, error.code != EACCES || last.contains(folder) { failure = error }
            }
        }
        if let failure {
            teller.stands(.cannotWatch(why: failure.description), of: Self.watchKey)
        } else {
            teller.isOver(Self.watchKey)
        }
        return !watch!.watched.subtracting(before).isEmpty
    }

    // MARK: - Names

    /// A name leads to a file that is, or may be, followed.
    private func meet(
        _ path: FilePath, _ index: Int, isRotated: Bool, _ now: ContinuousClock.Instant
    ) {
        guard let status = FileStatus(path), status.isRegular else { return }
        let identity = FileIdentity(status)
        if let file = files[identity] {
            if file.path != path, paths[file.path] == identity { paths[file.path] = nil }
            file.path = path
            // A file whose name was given to another one is the other one's from now on.
            paths[path] = identity
            file.isDetached = false
            if status.size != file.position { markDirty(file) }
            return
        }
        if ignored[identity] == status || atRest[identity] == status { return }
        // What is behind a name that does not match is only of interest when it was known before.
        if isRotated, let known, known[identity]?.position == status.size {
            if isStarting { knownSiblings.append((path, status.changedAt)) }
            return
        }
        propose(path, index, isRotated: isRotated, now)
    }

    /// A name leads nowhere any more, or to another file: what it led to is read to its end.
    func detach(_ path: FilePath, _ now: ContinuousClock.Instant) {
        guard let identity = paths.removeValue(forKey: path), let file = files[identity] else {
            return
        }
        file.isDetached = true
        file.lastGrowth = now
        markDirty(file)
    }
}
