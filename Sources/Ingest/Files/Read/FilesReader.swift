import Files
import Glibc
import LineProtocol
import SystemPackage

/// Reads the files of all `[[files]]`: finds them, knows them again, and offers what is new in them.
///
/// It goes turn by turn and never waits; whoever runs it does the waiting. One thread uses it.
final class FilesReader {
    let outlet: any FileOutlet
    var teller: FileTeller
    var sections: [FilesSection]
    var watch: FolderWatch?
    /// `nil` as long as nobody has said what is in the database.
    var known: KnownFiles?
    /// The open files that are followed.
    var files: [FileIdentity: FollowedFile] = [:]
    /// Which of them a name leads to.
    var paths: [FilePath: FileIdentity] = [:]
    /// Files that have turned up and were not judged yet.
    var candidates: [FilePath: FileCandidate] = [:]
    /// Followed files that are looked at next, each once.
    var queue: [FileIdentity] = []
    /// Files that gave their descriptor back when they were read to their end, as they were then.
    var atRest: [FileIdentity: FileStatus] = [:]
    /// Files that are none of ours, as they were when that was found out.
    var ignored: [FileIdentity: FileStatus] = [:]
    var drops: [Int: DropQueue] = [:]
    let buffer: ReadBuffer
    var cutter = LineCutter(lineBytesMax: IngestLimits.lineBytesMax)
    let descriptorsMax: Int
    /// Files that wait for a descriptor.
    var waiting: Set<FilePath> = []
    /// Known files under rotated names that were read to their end, and when they were changed last;
    /// as long as the first look lasts.
    var knownSiblings: [(path: FilePath, changedAt: Int64)] = []
    /// Whether the first look at everything is still to come to its end.
    var isStarting = true
    private var nextUpkeep: ContinuousClock.Instant?
    private var isRoomMissing = false
    /// Counts the turns.
    var turnNumber: UInt64 = 0

    /// - Parameters:
    ///   - descriptorsMax: files that may be open at the same time.
    ///   - tell: takes what an operator may want to know, once.
    init(
        _ files: [Configuration.Files], outlet: any FileOutlet, descriptorsMax: Int,
        tell: @escaping (FileEvent) -> Void
    ) {
        self.outlet = outlet
        self.descriptorsMax = descriptorsMax
        teller = FileTeller(tell)
        sections = files.enumerated().map { FilesSection(index: $0, settings: $1) }
        buffer = ReadBuffer()
        do throws(FileError) {
            watch = try FolderWatch()
        } catch {
            teller.stands(.cannotWatch(why: error.description), of: Self.watchKey)
        }
        for section in sections where section.settings.mode == .drop {
            drops[section.index] = DropQueue(section)
        }
        // The folders are watched from the first moment on.
        for index in sections.indices { look(index, .now) }
    }

    static let watchKey = "watch"

    /// Becomes readable when there is something to do; -1 when nothing can be watched.
    var descriptor: Int32 { watch?.descriptor ?? -1 }

    var figures: FileFigures {
        FileFigures(
            open: files.count,
            waiting: waiting.count + candidates.count + drops.values.reduce(0) { $0 + $1.count })
    }

    // MARK: - A turn

    /// Does some work.
    ///
    /// - Returns: how long it may rest, unless the descriptor becomes readable.
    func turn(now: ContinuousClock.Instant) -> Duration {
        turnNumber += 1
        isRoomMissing = false
        takeChanges(now)
        if known == nil { known = outlet.knownFiles().map { KnownFiles($0) } }
        for index in sections.indices where sections[index].isDue(now) { look(index, now) }
        judgeCandidates(now)
        var budget = FileLimits.chunksPerTurn
        if known != nil {
            follow(now, &budget)
            for index in drops.keys.sorted() where budget > 0 {
                if !drops[index]!.turn(self, now, &budget) { isRoomMissing = true }
            }
            endStart()
        }
        if nextUpkeep.map({ $0 <= now }) ?? true {
            upkeep(now)
            nextUpkeep = now + FileLimits.upkeepInterval
        }
        return rest(now, hasWorked: budget < FileLimits.chunksPerTurn)
    }

    private func rest(_ now: ContinuousClock.Instant, hasWorked: Bool) -> Duration {
        if isRoomMissing { return FileLimits.roomPause }
        if hasWorked { return .zero }
        // Files whose turn comes when others have been judged.
        if !queue.isEmpty { return FileLimits.roomPause }
        if known == nil { return FileLimits.unknownPause }
        let isBusy =
            !candidates.isEmpty
            || drops.values.contains { $0.isBusy }
        return isBusy ? FileLimits.confirmPause : FileLimits.upkeepInterval
    }

    /// After the first look nothing that the rings had is missing any more.
    private func endStart() {
        guard isStarting, candidates.isEmpty else { return }
        isStarting = false
        knownSiblings = []
        outlet.startIsOver(
            reading: Set(files.keys).union(drops.values.flatMap { $0.identities }))
    }

    // MARK: - Followed files

    /// Reads files in turn, so that a large one does not hold up the others.
    private func follow(_ now: ContinuousClock.Instant, _ budget: inout Int) {
        let round = queue
        queue = []
        for (index, identity) in round.enumerated() {
            guard budget > 0, !isRoomMissing else {
                // Before those that have had their turn.
                queue = round[index...] + queue
                return
            }
            guard let file = files[identity] else { continue }
            switch advance(file, now, &budget) {
            case .done: file.isDirty = false
            case .more: queue.append(identity)
            case .noRoom:
                queue.append(identity)
                isRoomMissing = true
            }
        }
    }

    func markDirty(_ file: FollowedFile) {
        if !file.isDirty { queue.append(file.identity) }
        file.isDirty = true
    }

    /// What has to be seen to now and then.
    private func upkeep(_ now: ContinuousClock.Instant) {
        for file in files.values {
            if file.isUnconfirmed { confirm(file) }
            if file.isDetached { lookAfter(file, now) }
        }
    }
}

/// One `[[files]]`, and where its files are looked for.
struct FilesSection {
    let index: Int
    let settings: Configuration.Files
    let pattern: PathPattern
    /// The folders that were walked through last, with how many components lead to each.
    var folders: [FilePath: Int] = [:]
    var nextLook: ContinuousClock.Instant?

    init(index: Int, settings: Configuration.Files) {
        self.index = index
        self.settings = settings
        pattern = PathPattern(settings.path)
    }

    func isDue(_ now: ContinuousClock.Instant) -> Bool { nextLook.map { $0 <= now } ?? true }

    /// Whether a name in a folder on the way leads to files.
    func leads(_ name: FilePath.Component, in folder: FilePath) -> Bool {
        folders[folder].map { pattern.matches(name: name, depth: $0) } ?? false
    }

    /// Whether names in this folder may match.
    func isLast(_ folder: FilePath) -> Bool { folders[folder] == pattern.folderDepth }
}

/// A file that has turned up.
struct FileCandidate {
    let section: Int
    let descriptor: OpenFile
    /// Its name does not match the pattern, but may be one that rotation has made of one that does.
    let isRotated: Bool
    /// It was not there at the first look: with such a name, it is what was rotated meanwhile.
    let isNew: Bool
    var status: FileStatus
    let metAt: ContinuousClock.Instant
    /// Since when it has been as it is.
    var unchangedSince: ContinuousClock.Instant
    /// An open file has the same content, and was not read yet.
    var isUnread = false
}

/// Memory that all files are read into, one after the other.
@safe
struct ReadBuffer: ~Copyable {
    // Safe: sole owner of `bytes`.
    let bytes: UnsafeMutableRawBufferPointer

    init() {
        unsafe bytes = .allocate(
            byteCount: FollowedFile.tailBytes + ContentCutter.bufferBytes, alignment: 64)
    }

    deinit { unsafe bytes.deallocate() }
}
