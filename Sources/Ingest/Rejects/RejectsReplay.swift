import Glibc
import LineProtocol
package import Logging
import Ring

/// `sluice rejects replay`: refused lines go the whole way once more, file by file.
///
/// Exactly once, whatever dies: a file is renamed, its lines are put into a ring of their own, and
/// only when the disk has that ring is the file removed; from then on the ring is written as any
/// other. Until then a crash means that the ring is made anew from the file.
package struct RejectsReplay {
    private let configuration: Configuration
    private let filter: RejectsFilter
    private let archive: RejectsArchive
    private let logger: Logger
    private let isWanted: () -> Bool

    /// What came of it.
    package struct Outcome: Sendable {
        package internal(set) var tally = OutcomeTally()
        /// Why it ended before all was done.
        package internal(set) var stopped: String?
    }

    /// - Parameter isWanted: asked now and then; false ends it in order.
    package init(
        _ configuration: Configuration, _ filter: RejectsFilter, logger: Logger,
        isWanted: @escaping () -> Bool
    ) {
        self.configuration = configuration
        self.filter = filter
        self.logger = logger
        self.isWanted = isWanted
        archive = RejectsArchive(configuration)
    }

    private var directory: RejectsDirectory { archive.directory }
    private var ringPath: String { RejectsArchive.replayRing(configuration.rejects) }

    /// Takes each file that is there now.
    package func perform() throws -> Outcome {
        var outcome = Outcome()
        guard directory.exists else { return outcome }
        // Held to the end: two replays would take each other's files away.
        let lock = try lockAll()
        defer { lock.unlock() }
        try finishLast(&outcome)
        for file in try directory.files() {
            guard outcome.stopped == nil else { break }
            guard isWanted() else {
                outcome.stopped = "it was interrupted"
                break
            }
            guard try take(file.name) else { continue }
            try load()
            try drain(&outcome)
        }
        return outcome
    }

    private func lockAll() throws(RejectsError) -> RejectsDescriptor {
        let path = "\(directory.path)/.replay"
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let number = retrying { unsafe open(path, flags, 0o600) }
        guard number >= 0 else { throw RejectsError("open", path) }
        let lock = RejectsDescriptor(owning: number)
        guard lock.lock(attempts: 1) else { throw RejectsError("flock", path, code: EWOULDBLOCK) }
        return lock
    }

    /// Deals with what a replay before has left.
    private func finishLast(_ outcome: inout Outcome) throws {
        if directory.fileBytes(directory.loadingPath) != nil {
            try load()
        } else {
            try keepRemaining()
        }
        if directory.fileBytes(ringPath) != nil { try drain(&outcome) }
    }

    // MARK: - Taking a file

    /// Renames a file, unless a batch is at work in it or the filter takes none of it.
    private func take(_ name: RejectsName) throws -> Bool {
        let path = directory.path(of: name)
        return try directory.locked { () throws(RejectsError) in
            guard let descriptor = try RejectsDescriptor.open(path, writable: false),
                descriptor.lock(attempts: RejectsLimits.lockAttempts),
                descriptor.isStill(at: path), let reader = try RejectsReader.open(path),
                reader.survey.isOurs, !archive.isInDoubt(reader)
            else { return false }
            var isWorthIt = false
            _ = try reader.forEach(in: reader.survey.blocks.indices) { entry in
                isWorthIt = isWorthIt || filter.takes(entry)
            }
            guard isWorthIt else { return false }
            guard unsafe rename(path, directory.loadingPath) == 0 else {
                throw RejectsError("rename", path)
            }
            try synchroniseDirectory(directory.path)
            return true
        }
    }

    // MARK: - From the file into the ring

    private func load() throws {
        for path in [ringPath, directory.remainingPath] { unsafe _ = unlink(path) }
        guard let reader = try RejectsReader.open(directory.loadingPath) else { return }
        let bytes = max(2 * reader.survey.fileBytes, RejectsLimits.replayRingBytesMin)
        let (ring, _) = try Ring.open(
            RingConfiguration(path: ringPath, capacity: bytes, overflow: .dropNewest))
        var remaining = RejectsRemainder(ring: ring.identity)
        var failure: (any Error)?
        var damaged = reader.survey.damages.reduce(0) { $0 + $1.count }
        switch reader.survey.rest {
        // A block that was never finished is no fact.
        case .nothing, .unfinished: break
        case .cut, .damaged: damaged += 1
        }
        damaged += try reader.forEach(in: reader.survey.blocks.indices) { entry in
            guard filter.takes(entry) else { return remaining.add(entry) }
            do {
                try append(entry, to: ring)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        try ring.close()
        try remaining.write(to: directory.remainingPath)
        if damaged > 0 { try keepDamaged() }
        // From here on the lines are the ring's.
        guard unsafe unlink(directory.loadingPath) == 0 else {
            throw RejectsError("unlink", directory.loadingPath)
        }
        try synchroniseDirectory(directory.path)
        try keepRemaining()
    }

    /// A file of which not everything could be read stays beside the others, as it is.
    private func keepDamaged() throws(RejectsError) {
        let aside = "\(directory.path)/damaged-\(currentNanoseconds()).lp"
        guard unsafe link(directory.loadingPath, aside) == 0 else {
            throw RejectsError("link", aside)
        }
        logger.event(
            .rejectsDamaged, .error, "a file of refused lines is damaged; it is kept as \(aside)")
    }

    private func append(_ entry: RejectsEntry, to ring: Ring) throws {
        let info = FrameInfo(
            receivedAt: entry.receivedAt, source: try ring.register(source: entry.source),
            attributes: UInt16(precision(of: entry).rawValue))
        let isIn = unsafe entry.line.withUnsafeBytes { line in
            let arrivals = unsafe [Arrival(info: info, payload: line)]
            var isIn = true
            ring.append(arrivals.span) { _ in isIn = false }
            return isIn
        }
        guard isIn else { throw RejectsError("write", ringPath, code: ENOSPC) }
    }

    /// A line whose unit was wrong is read in the unit that its listener is said to have now.
    private func precision(of entry: RejectsEntry) -> Precision {
        let wasWrong = [RejectReason.timeWrongUnit.name, RejectReason(LineError.range).name]
            .contains(entry.reason)
        guard wasWrong else { return entry.precision }
        return configuration.listeners.first { $0.name == entry.source }?.precision
            ?? configuration.files.first { $0.name == entry.source }?.precision
            ?? entry.precision
    }

    /// Lines that the filter has left are a file like others again.
    private func keepRemaining() throws {
        guard directory.fileBytes(directory.remainingPath) != nil else { return }
        try directory.locked { () throws(RejectsError) in
            let number = try directory.files().last?.name.number ?? 0
            let name = RejectsName(lane: Self.laneName, number: number + 1)
            guard unsafe rename(directory.remainingPath, directory.path(of: name)) == 0 else {
                throw RejectsError("rename", directory.remainingPath)
            }
            try synchroniseDirectory(directory.path)
        }
    }

    /// What the files of lines that are refused again are called by.
    private static let laneName = "replay"

    // MARK: - From the ring into the tables

    private func drain(_ outcome: inout Outcome) throws {
        let (ring, _) = try Ring.open(
            RingConfiguration(
                path: ringPath, capacity: RejectsLimits.replayRingBytesMin, overflow: .dropNewest))
        let drain = RingDrain(
            ring: ring, configuration: configuration, rejectsName: Self.laneName, logger: logger)
        let (end, tally) = drain.perform(isWanted: isWanted)
        outcome.tally.add(tally)
        if case .stopped(let why) = end { outcome.stopped = why }
        try ring.close()
    }
}

/// The lines of a file that a replay does not take, as a file of their own.
private struct RejectsRemainder {
    private let ring: RingIdentity
    private var lines: UInt64 = 0
    private var bytes: [UInt8] = []

    init(ring: RingIdentity) { self.ring = ring }

    mutating func add(_ entry: RejectsEntry) {
        lines += 1
        bytes += entry.comment + [UInt8(ascii: "\n")] + entry.line + [UInt8(ascii: "\n")]
    }

    /// Writes the file and waits until the disk has it; nothing when there are no lines.
    func write(to path: String) throws(RejectsError) {
        guard lines > 0 else { return }
        var header = RejectsBuffer(capacity: RejectsSurvey.headerBytes)
        RejectsSurvey.appendHeader(createdAt: currentNanoseconds(), to: &header)
        var block = RejectsBuffer(capacity: RejectsBlock.headerBytes)
        RejectsBlock.appendHeader(ring: Array(ring.description.utf8), to: &block)
        // It belongs to no batch any more: the mark at its end says that it holds.
        RejectsBlock(offset: 0, ring: ring, end: 1, lines: lines, bytes: bytes.count).fill(&block)
        let start =
            unsafe header.withBytes { unsafe Array($0) } + block.withBytes { unsafe Array($0) }
        try Self.write(start + bytes + Array("\(RejectsSurvey.settledMark)".utf8), to: path)
    }

    private static func write(_ all: [UInt8], to path: String) throws(RejectsError) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
        let number = retrying { unsafe open(path, flags, 0o600) }
        guard number >= 0 else { throw RejectsError("open", path) }
        let descriptor = RejectsDescriptor(owning: number)
        var done = 0
        while done < all.count {
            let count = unsafe all.withUnsafeBytes { bytes in
                unsafe pwrite(
                    descriptor.number, bytes.baseAddress! + done, bytes.count - done, off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw RejectsError("pwrite", path) }
            done += count
        }
        guard fsync(descriptor.number) == 0 else { throw RejectsError("fsync", path) }
    }
}
