import Glibc

/// How a ring is to be opened.
package struct RingConfiguration: Sendable {
    /// The file; its directory must exist.
    package var path: String
    /// Bytes for frames when the file is made, rounded up to whole pages. A file that is there
    /// already keeps what it has.
    package var capacity: Int
    /// What happens to a payload that finds the ring full.
    package var overflow: Overflow
    /// Whether nobody will open the file again: then no payload needs a checksum.
    package var endsWithProcess: Bool
    /// Tests play a start of the machine with another number.
    var boot: UInt64

    /// A ring at `path`.
    ///
    /// - Parameter bootIdentifier: the machine's boot as the service manager names it, where a
    ///   sandbox hides what the kernel says.
    package init(
        path: String, capacity: Int, overflow: Overflow, endsWithProcess: Bool = false,
        bootIdentifier: String? = nil
    ) {
        self.path = path
        self.capacity = capacity
        self.overflow = overflow
        self.endsWithProcess = endsWithProcess
        boot = bootNumber(bootIdentifier)
    }

    /// `capacity` as a new file gets it; within the limits.
    package var wholeCapacity: Int { (capacity + 4095) & ~4095 }

    /// Whether a crash of the process can be told from one of the machine. If not, every start
    /// after a crash reads the whole ring.
    package var isBootKnown: Bool { boot != 0 }
}

extension Ring {
    /// Opens the ring, or makes it if there is none.
    ///
    /// Whatever stands in the file, this ends with a ring that works or with an error that leaves
    /// the file as it is; what was damaged costs only the damaged frames. Their bytes go to a file
    /// beside the ring, `<path>.damaged-<identity>-<position>`; where that cannot be written, the
    /// report says so and the ring is opened all the same.
    package static func open(
        _ configuration: RingConfiguration
    ) throws(RingError) -> (ring: Ring, report: RecoveryReport) {
        guard (RingLimits.capacityMin...RingLimits.capacityMax) ~= configuration.capacity else {
            throw .capacityOutOfRange(configuration.capacity)
        }
        let path = configuration.path
        if let (descriptor, status) = try RingFile.open(path, .exclusive) {
            return try openExisting(configuration, descriptor, Int(status.st_size))
        }
        let superblock = Superblock(
            identity: .random(), capacity: configuration.wholeCapacity,
            createdAt: nowInNanoseconds())
        let file = try RingFile.create(path, bytes: superblock.fileBytes) { file in
            superblock.write(to: file.memory)
            let start = Cursor(position: 0, offset: 0)
            var slots = Slots(
                header: file.header, seed: superblock.identity.seed, offsets: Layout.markSlots)
            slots.write(Mark(tail: start, head: start, framesGone: 0, framesEver: 0).words)
        }
        return try start(file, superblock, configuration, RecoveryReport(isNew: true))
    }

    /// Maps the pages of the first so many bytes now, in one go: each one would be a fault of its own
    /// when it is written first. For a new ring that will surely be filled so far; others may use it
    /// meanwhile.
    package func mapPages(_ bytes: Int) {
        let count = min(bytes, file.area.count) + Layout.headerBytes
        // Where the kernel does not know that, the faults come.
        unsafe madvise(file.memory.base, count, MADV_POPULATE_WRITE)
    }

    private static func openExisting(
        _ configuration: RingConfiguration, _ descriptor: Int32, _ fileBytes: Int
    ) throws(RingError) -> (ring: Ring, report: RecoveryReport) {
        let path = configuration.path
        var report = RecoveryReport(isNew: false)
        var superblock: Superblock
        do throws(RingError) {
            (superblock, report.isHeaderRepaired) = try RingFile.readSuperblock(
                descriptor, path, fileBytes: fileBytes)
            if fileBytes < superblock.fileBytes {
                report.restoredBytes = superblock.fileBytes - fileBytes
                try RingFile.regrow(
                    descriptor, path, from: fileBytes, to: superblock.fileBytes)
            }
            RingFile.removeLeftover(path)
            try RingFile.restrict(descriptor, path)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        let file = try RingFile.map(descriptor, path, bytes: superblock.fileBytes, .exclusive)
        return try start(file, superblock, configuration, report)
    }

    private static func start(
        _ file: RingFile, _ superblock: Superblock, _ configuration: RingConfiguration,
        _ report: RecoveryReport
    ) throws(RingError) -> (ring: Ring, report: RecoveryReport) {
        let seed = superblock.identity.seed
        let codec = EntryCodec(
            area: file.area, seed: seed, sumsPayloads: !configuration.endsWithProcess)
        var slots = Slots(header: file.header, seed: seed, offsets: Layout.markSlots)
        var sessions = Slots(header: file.header, seed: seed, offsets: Layout.sessionSlots)
        let mark = try Mark.newest(file.header, superblock, path: file.path)
        let before = sessions.newest().map { Session($0) }
        let session = Session(
            boot: configuration.boot, inode: file.inode, process: getpid(), isClean: false)
        // Behind a mark that is not the newest, positions may be in use that no frame shows any more.
        let isVouched = report.isNew || slots.areWhole && session.vouches(after: before)
        let confirmation = Confirmation(header: file.header, seed: seed)
        var ledger = OutcomeLedger(
            header: file.header, seed: seed, confirmed: confirmation.position)
        let survey = Survey(codec, mark, ledger, isVouched: isVouched)
        ledger.take(survey.sources)
        var report = report
        report.take(survey, mark, superblock, isVouched: isVouched)
        keepDamage(survey, file, superblock, &report)

        // From here on the file is changed.
        if report.isHeaderRepaired { superblock.write(to: file.header) }
        let sources = SourceRegistry(header: file.header, seed: seed)
        report.damagedSourceNames = sources.heal()
        let counters = LedgerRepair(header: file.header, seed: seed)
        report.damagedLedgerRecords = counters.damagedRecords(isVouched: isVouched)
        counters.perform()
        let repair = Repair(codec: codec, survey: survey, mark: mark, isVouched: isVouched)
        let (repaired, usedBytes, jumpTarget) = repair.perform()
        report.jumpTarget = jumpTarget
        var state = State(
            codec: codec, mark: repaired, usedBytes: usedBytes, slots: slots, sources: sources,
            confirmation: confirmation, ledger: ledger, payloadBytes: survey.payloadBytes)
        if let before, before.inode != file.inode {
            state.headOfCopy = max(survey.cursor.position, mark.head.position)
        }
        state.skipMarkers()
        state.publish()
        sessions.write(session.words)
        slots = state.slots
        try file.synchronise()
        let ring = Ring(
            file: file, superblock: superblock, state: state, overflow: configuration.overflow,
            session: session)
        return (ring, report)
    }

    private static func keepDamage(
        _ survey: Survey, _ file: RingFile, _ superblock: Superblock, _ report: inout RecoveryReport
    ) {
        let area = file.area
        for gap in survey.gaps {
            let first = min(gap.bytes, area.count - gap.start.offset)
            if area.isZero(gap.start.offset, first) && area.isZero(0, gap.bytes - first) {
                continue
            }
            let bytes = unsafe DamageFile(
                first: area.bytes(gap.start.offset, first), second: area.bytes(0, gap.bytes - first)
            )
            do throws(RingError) {
                try bytes.write(
                    "\(file.path).damaged-\(superblock.identity)-\(gap.start.position)")
            } catch {
                // A start that fails for the sake of bytes that are broken already helps nobody.
                report.bytesNotKept += gap.bytes
                report.keepFailure = report.keepFailure ?? error
            }
        }
    }
}

extension Session {
    /// Whether everything that the session before stored must be in the file still: same file, and
    /// closed in order or never without its page cache since.
    func vouches(after before: Session?) -> Bool {
        guard let before, before.inode == inode else { return false }
        return before.isClean || (before.boot == boot && boot != 0)
    }
}
