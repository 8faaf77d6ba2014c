import Files
import SystemPackage

/// An open file that is followed, and how far it was read.
final class FollowedFile {
    let identity: FileIdentity
    let descriptor: OpenFile
    let section: Int
    /// The name that led to it last.
    var path: FilePath
    /// The first byte that was not offered.
    var position: UInt64
    /// Of what was read.
    var fingerprint: FileFingerprint
    /// Where the content begins that is this file's: what stands before it came with another file.
    var base: UInt64
    /// The last bytes in front of the position: where they are others, the content is another one.
    var tail: [UInt8] = []
    /// What the database knows of this identity is of another content, or nothing.
    var needsRestart: Bool
    /// Its row must be made although there is nothing to offer.
    var needsRow = false
    /// Its row was offered and is not known to be in the database.
    var isRowOpen = false
    /// The turn in which it was found to have another content.
    var changedInTurn: UInt64?
    /// Where the end of a line that is too long is looked for.
    var scan: UInt64?
    /// There may be more to read; it stands in the queue then.
    var isDirty = false
    /// No name in the watched folders leads to it.
    var isDetached = false
    /// What was offered is not known to be in the database.
    var isUnconfirmed = false
    var lastGrowth: ContinuousClock.Instant
    /// The content before the last change, as far as it was read; a copy of it may turn up.
    var former: KnownFile?

    init(
        _ identity: FileIdentity, _ descriptor: OpenFile, path: FilePath, section: Int,
        start: FileStart, now: ContinuousClock.Instant
    ) {
        self.identity = identity
        self.descriptor = descriptor
        self.path = path
        self.section = section
        position = start.position
        base = start.base
        fingerprint = start.fingerprint
        needsRestart = start.needsRestart
        needsRow = start.needsRow
        lastGrowth = now
    }

    var known: KnownFile { KnownFile(FileKey(identity, fingerprint), position: position) }

    /// Bytes in front of the position that are compared at each read.
    static let tailBytes = 64

    /// Begins anew: the content is another one.
    ///
    /// - Parameter before: how far the content before is in the database, or on its way there.
    func restart(at position: UInt64 = 0, after before: KnownFile? = nil) {
        if position == 0 {
            if self.position > 0 { former = before }
            fingerprint = .none
        }
        self.position = position
        base = position
        tail = []
        scan = nil
        needsRestart = true
    }

    /// Goes back to what the database has: chunks were lost on their way.
    func rewind(to position: UInt64) {
        self.position = position
        tail = []
        scan = nil
    }

    /// The key of a chunk that begins at the position. What it covers are the bytes that were read:
    /// the file may have been cut since.
    ///
    /// - Parameter lines: what the chunk carries.
    func key(with lines: UnsafeRawBufferPointer) -> FileKey {
        let covered = UInt64(fingerprint.length)
        let end = min(UInt64(FileFingerprint.bytesMax), position + UInt64(lines.count))
        guard position <= covered, covered < end else { return FileKey(identity, fingerprint) }
        let more = unsafe fingerprint.extended(
            by: UnsafeRawBufferPointer(
                rebasing: lines[Int(covered - position)..<Int(end - position)]))
        return FileKey(identity, more)
    }
}

/// Where a file is begun.
struct FileStart {
    var position: UInt64 = 0
    var base: UInt64 = 0
    var fingerprint = FileFingerprint.none
    var needsRestart = false
    var needsRow = false
}

extension FileIdentity {
    init(_ status: FileStatus) {
        self.init(device: status.device, inode: status.inode)
    }
}
