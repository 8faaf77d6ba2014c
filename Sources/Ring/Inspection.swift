import Glibc

/// What stands in a ring's file, for people who look at it. Nothing in the file is changed.
package struct RingInspection: Sendable {
    package let identity: RingIdentity
    /// Bytes for frames.
    package let capacity: Int
    /// When the file was made, in nanoseconds since 1970.
    package let createdAt: Int64
    /// Bytes of the whole file.
    package let fileBytes: Int
    /// First position that is not released.
    package let tail: UInt64
    /// Behind the last whole frame.
    package let head: UInt64
    /// The highest position that the database is known to have had.
    package let confirmed: UInt64
    /// Bytes of the area that are taken, with headers and markers.
    package let usedBytes: Int
    /// Whole frames.
    package let frameCount: Int
    /// Bytes of their payloads.
    package let payloadBytes: Int
    /// Of the oldest frame, in nanoseconds since 1970.
    package let oldestReceivedAt: Int64?
    /// Of the newest frame, in nanoseconds since 1970.
    package let newestReceivedAt: Int64?
    /// Damaged stretches; opening the ring would put them aside.
    package let damages: [Damage]
    /// Frames that the header counted and that are not there.
    package let framesMissing: Int
    /// A copy of the header's unchanging part is damaged; the other one is used.
    package let isHeaderDamaged: Bool
    /// Names of sources of which a copy is damaged; 0 while somebody has the ring open.
    package let damagedSourceNames: Int
    /// Records of the ledger with damaged counters; 0 while somebody has the ring open.
    package let damagedLedgerRecords: Int
    /// The counters, by record. While somebody has the ring open, what came in and what became of it
    /// are of two moments.
    package let ledger: [Int: LedgerEntry]
    /// Whole and damaged frames by record of the ledger.
    package let records: [SourceRecovery]
    /// The names of sources by index, without the unused ones.
    package let sources: [UInt16: String]
    /// The process that has the ring open now. What is said about frames is then a moment's view.
    package let holder: Int32?
    /// The last session ended in order.
    package let isClean: Bool
}

extension Ring {
    /// Looks at a ring's file without changing or locking it, also while a daemon works on it.
    package static func inspect(path: String) throws(RingError) -> RingInspection {
        guard let (descriptor, status) = try RingFile.open(path, .readOnly) else {
            throw .system(operation: "open", path: path, code: ENOENT)
        }
        let header: (superblock: Superblock, isDamaged: Bool)
        let isHeld: Bool
        do throws(RingError) {
            header = try RingFile.readSuperblock(
                descriptor, path, fileBytes: Int(status.st_size))
            guard Int(status.st_size) == header.superblock.fileBytes else {
                throw .truncated(
                    path: path, expected: header.superblock.fileBytes, actual: Int(status.st_size))
            }
            isHeld = flock(descriptor, LOCK_SH | LOCK_NB) != 0
            flock(descriptor, LOCK_UN)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        let file = try RingFile.map(
            descriptor, path, bytes: header.superblock.fileBytes, .readOnly)
        return try inspect(file, header.superblock, header.isDamaged, isHeld: isHeld)
    }

    private static func inspect(
        _ file: RingFile, _ superblock: Superblock, _ isHeaderDamaged: Bool, isHeld: Bool
    ) throws(RingError) -> RingInspection {
        let seed = superblock.identity.seed
        let session = Slots(header: file.header, seed: seed, offsets: Layout.sessionSlots).newest()
            .map { Session($0) }
        let mark = try Mark.newest(file.header, superblock, path: file.path)
        let now = Session(boot: bootNumber(), inode: file.inode, process: 0, isClean: false)
        let confirmed = Confirmation(header: file.header, seed: seed).position
        let marks = Slots(header: file.header, seed: seed, offsets: Layout.markSlots)
        let isVouched = isHeld || marks.areWhole && now.vouches(after: session)
        var outcome = OutcomeLedger(header: file.header, seed: seed, confirmed: confirmed)
        let survey = Survey(
            EntryCodec(area: file.area, seed: seed), mark, outcome, isVouched: isVouched)
        outcome.take(survey.sources)
        // What a daemon released meanwhile may have been overwritten: that is no damage.
        let tail = try Mark.newest(file.header, superblock, path: file.path).tail
        let gaps = survey.gaps.filter { $0.start.position >= tail.position }
        let registry = SourceRegistry(header: file.header, seed: seed)
        // What is being written at this moment looks damaged.
        let damagedNames = isHeld ? 0 : registry.damagedIndexes.count
        let damagedRecords =
            isHeld
            ? 0
            : LedgerRepair(header: file.header, seed: seed).damagedRecords(isVouched: isVouched)
        return RingInspection(
            identity: superblock.identity, capacity: superblock.capacity,
            createdAt: superblock.createdAt, fileBytes: superblock.fileBytes,
            tail: mark.tail.position, head: survey.cursor.position, confirmed: confirmed,
            usedBytes: survey.usedBytes, frameCount: survey.frames,
            payloadBytes: survey.payloadBytes, oldestReceivedAt: survey.oldest,
            newestReceivedAt: survey.newest, damages: gaps.map { Damage($0) },
            framesMissing: max(0, Int(mark.framesEver - mark.framesGone) - survey.frames),
            isHeaderDamaged: isHeaderDamaged, damagedSourceNames: damagedNames,
            damagedLedgerRecords: damagedRecords,
            ledger: ledger(file.header, seed, outcome),
            records: survey.sources.filter { $0 != SourceRecovery(index: $0.index) },
            sources: registry.names.enumerated().reduce(into: [:]) {
                $0[UInt16($1.offset)] = $1.element
            },
            holder: isHeld ? session?.process : nil, isClean: session?.isClean ?? false)
    }

    private static func ledger(
        _ header: Region, _ seed: UInt32, _ outcome: OutcomeLedger
    ) -> [Int: LedgerEntry] {
        let intake = IntakeLedger(header: header, seed: seed)
        return (0..<LedgerLimits.recordCount).reduce(into: [:]) { entries, index in
            guard intake.isUsed(index) || outcome.isUsed(index) else { return }
            entries[index] = LedgerEntry(
                intake: intake.words(of: index), outcome: outcome.totals(of: index),
                inRing: outcome.inRing(index))
        }
    }
}
