import Files
import Glibc
package import LineProtocol
package import Logging
import Postgres
import Ring

/// `sluice import`: files into the tables, once, by the way that all readings go.
package final class ImportRun {
    /// What the person wants.
    package struct Options: Sendable {
        /// Paths, `-` for standard input.
        package var names: [String]
        package var lanes: Int
        package var precision: Precision
        /// Everything but writing.
        package var isDry: Bool

        /// What was asked for on the command line.
        package init(names: [String], lanes: Int, precision: Precision, isDry: Bool) {
            self.names = names
            self.lanes = lanes
            self.precision = precision
            self.isDry = isDry
        }
    }

    /// One for each processor, as far as the database gains from it.
    package static var lanesDefault: Int {
        min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1), ImportLimits.lanesDefaultMax)
    }

    /// What the ring calls the source of all files.
    static let sourceName = "import"

    private let configuration: Configuration
    private let options: Options
    private let logger: Logger
    private let isWanted: () -> Bool
    private let tell: (String) -> Void
    private var display: ImportDisplay
    private var summary = ImportSummary()
    private var cutter = ContentCutter()
    private var sharing: LaneSharing
    /// Files of which every stripe is on its way, with the bytes of their content.
    private var striped: [(key: FileKey, end: UInt64)] = []

    /// - Parameters:
    ///   - isWanted: asked again and again; false ends the import in order.
    ///   - tell: takes a line about a file that cannot be loaded, or not to its end.
    package init(
        _ configuration: Configuration, _ options: Options, display: ImportDisplay, logger: Logger,
        isWanted: @escaping () -> Bool, tell: @escaping (String) -> Void
    ) {
        var options = options
        // Of rows with one key the last one is to stay: only one lane keeps their order.
        if configuration.tables.contains(where: { $0.duplicates == .replace }) { options.lanes = 1 }
        self.configuration = Self.adapted(configuration, options)
        self.options = options
        sharing = LaneSharing(
            readAheadBytes: ImportLimits.readAheadBytes(lanes: options.lanes))
        self.display = display
        self.logger = logger
        self.isWanted = isWanted
        self.tell = tell
    }

    private static func adapted(
        _ configuration: Configuration, _ options: Options
    ) -> Configuration {
        var configuration = configuration
        configuration.batch.interval = .zero
        configuration.batch.rows = max(configuration.batch.rows, ImportLimits.batchRows)
        configuration.batch.bytes = ImportLimits.batchBytes(lanes: options.lanes)
        configuration.ring.overflow = .dropNewest
        configuration.ring.lanes = options.lanes
        if options.isDry { configuration.rejects.size = 0 }
        return configuration
    }

    /// Why the reading ends before the files do.
    private enum Interruption: Error {
        case file(ImportError)
        case stopped
    }

    /// Loads all files. A file that cannot be loaded is told, and the others are loaded.
    ///
    /// - Throws: when nothing can be done at all.
    package func perform() throws(ImportError) -> ImportSummary {
        let tally = DryTally()
        let totalBytes = Self.totalBytes(options.names)
        let rings = ImportRings(lanes: options.lanes, totalBytes: totalBytes)
        // Their thread is waited for at the end, not before the first byte is read.
        defer { withExtendedLifetime(rings) {} }
        let writers = ImportWriters(
            configuration, dry: options.isDry ? tally : nil, logger: logger)
        var database = try connect(writers)
        let start = ContinuousClock.now
        let lanes = try self.lanes(rings, writers)
        display.begin(totalBytes: totalBytes)
        for name in options.names where summary.stopped == nil { load(name, lanes, &database) }
        lanes.gather(bytes: 0)
        while summary.stopped == nil, !lanes.waitUntilEmpty() { look(lanes) }
        lanes.finish(isStopped: summary.stopped != nil)
        take(lanes.state)
        display.end()
        if summary.stopped == nil, !options.isDry { finishStriped(&database) }
        summary.seconds = (ContinuousClock.now - start).seconds
        summary.tables = options.isDry ? tally.tables : []
        return summary
    }

    private func connect(_ writers: ImportWriters) throws(ImportError) -> ImportDatabase {
        do throws(PostgresError) {
            return try ImportDatabase(configuration.database)
        } catch {
            writers.giveUp()
            throw ImportError(
                description: "database: \(WriteFailure.database(error).text)",
                exitCode: EX_UNAVAILABLE)
        }
    }

    private func lanes(
        _ rings: ImportRings, _ writers: ImportWriters
    ) throws(ImportError) -> ImportLanes {
        do throws(RingError) {
            return try ImportLanes(configuration, rings, writers, precision: options.precision)
        } catch {
            writers.giveUp()
            throw ImportError(description: error.description, exitCode: EX_CANTCREAT)
        }
    }

    /// Bytes on the disk of all files; `nil` when one of them is none.
    private static func totalBytes(_ names: [String]) -> UInt64? {
        var total: UInt64 = 0
        for name in names {
            var status = stat()
            guard name != "-", unsafe stat(name, &status) == 0 else {
                if name == "-" { return nil }
                continue
            }
            guard status.st_mode & S_IFMT == S_IFREG else { return nil }
            total += UInt64(status.st_size)
        }
        return total
    }

    // MARK: - One file

    private func load(
        _ name: String, _ lanes: ImportLanes, _ database: inout ImportDatabase
    ) {
        do throws(Interruption) {
            try loadOrFail(name, lanes, &database)
            summary.files += 1
        } catch {
            guard case .file(let error) = error else { return }
            summary.failedFiles += 1
            summary.exitCode = summary.exitCode ?? error.exitCode
            display.pause()
            tell(error.description)
        }
    }

    private func loadOrFail(
        _ name: String, _ lanes: ImportLanes, _ database: inout ImportDatabase
    ) throws(Interruption) {
        let plan: ImportPlan
        let source: ImportSource
        let content: ContentReader
        do throws(ImportError) {
            source = try ImportSource(name)
            content = try source.content()
            plan = try self.plan(source, isPlain: content.isPlain, &database)
            try source.skip(content, to: plan.start)
        } catch {
            throw .file(error)
        }
        summary.storedBytes += plan.storedBytes
        display.beginFile(name, at: content.rawBytes)
        cutter.restart(at: plan.start)
        sharing.beginFile(lanes.standings)
        try read(content, source, plan, lanes)
        display.endFile(rawBytes: source.size ?? content.rawBytes)
        if let fault = content.fault {
            summary.brokenFiles += 1
            display.pause()
            tell("\(name): \(fault); what stands before it is loaded")
        }
    }

    private func plan(
        _ source: ImportSource, isPlain: Bool, _ database: inout ImportDatabase
    ) throws(ImportError) -> ImportPlan {
        guard !source.identity.isStream, !options.isDry else { return .once }
        do throws(PostgresError) {
            if !database.isAlive { database = try ImportDatabase(configuration.database) }
            guard try database.claim(source.identity) else {
                throw PostgresError(
                    sqlState: "55P03", message: "another import is loading this file")
            }
            let known = try database.known(source.identity)
            let first = source.firstBytes()
            return unsafe first.withUnsafeBytes { bytes in
                unsafe ImportPlan(
                    source.identity, first: bytes, size: isPlain ? source.size : nil,
                    known: known, lanes: mayBeRead(source) ? 1 : options.lanes)
            }
        } catch {
            throw ImportError(
                description: "\(source.name): \(error.message)", exitCode: EX_TEMPFAIL)
        }
    }

    /// Whether a daemon with this configuration would read the file as well. Then both move one row on,
    /// and none takes what the other one has; parts with rows of their own it would not see.
    private func mayBeRead(_ source: ImportSource) -> Bool {
        guard let path = source.path else { return false }
        return configuration.files.contains { PathPattern($0.path).matches(path: path) }
    }

    private func read(
        _ content: ContentReader, _ source: ImportSource, _ plan: ImportPlan, _ lanes: ImportLanes
    ) throws(Interruption) {
        var end = plan.start
        var isFirst = true
        while !cutter.isDone {
            let key = plan.stripes?.key(plan.key, at: cutter.offset) ?? plan.key
            let lane = try findPlace(for: key, lanes)
            guard let piece = try next(content, source, plan) else { break }
            var flags: FileChunk.Flags = piece.isLast ? .isLast : []
            if piece.isLast, content.fault?.breaksLine ?? false { flags.insert(.isBroken) }
            if isFirst, plan.isRestart, plan.stripes == nil { flags.insert(.restart) }
            isFirst = false
            end = piece.end
            let chunk = FileChunk(key, start: piece.start, end: piece.end, flags: flags)
            let payload = unsafe piece.payload(chunk)
            cutter.consume()
            sharing.notePut(key, lane: lane, end: unsafe lanes.put(payload, lane: lane))
            // Whoever is told to stop while it reads may find that the stream has ended for the same reason.
            try checkWanted()
            display.update(rawBytes: content.rawBytes, lanes)
        }
        if plan.stripes != nil { striped.append((plan.key, end)) }
    }

    private func next(
        _ content: ContentReader, _ source: ImportSource, _ plan: ImportPlan
    ) throws(Interruption) -> ContentCutter.Piece? {
        do throws(FileError) {
            return try unsafe cutter.next(
                before: { plan.stripes?.boundary(after: $0) },
                read: { (target) throws(FileError) in try unsafe content.read(into: target) })
        } catch {
            throw .file(ImportSource.failure(error, source.name))
        }
    }

    /// Waits until a lane is to have the next chunk of a key and has room for it. The chunk is made in its
    /// place there.
    private func findPlace(for key: FileKey, _ lanes: ImportLanes) throws(Interruption) -> Int {
        while true {
            try checkWanted()
            if let lane = sharing.lane(for: key, lanes.standings) {
                if let place = unsafe lanes.place(lane: lane) {
                    unsafe cutter.move(to: place)
                    return lane
                }
                lanes.waitForPlace(lane: lane)
            } else {
                usleep(UInt32(ImportLimits.readAheadLook / .microseconds(1)))
            }
            look(lanes)
            if summary.stopped != nil { throw .stopped }
        }
    }

    private func checkWanted() throws(Interruption) {
        guard !isWanted() else { return }
        summary.stopped = .interrupted
        throw .stopped
    }

    // MARK: - While the lanes work

    /// Sees whether the import can go on, and shows how far it is.
    private func look(_ lanes: ImportLanes) {
        if !isWanted() { summary.stopped = .interrupted }
        if let why = lanes.state.held { summary.stopped = .held(why) }
        display.update(rawBytes: nil, lanes)
    }

    // MARK: - At the end

    private func take(_ state: ImportLanes.State) {
        summary.outcome = state.outcome
        summary.keptLines = state.rejects.keptLines
        summary.unkeptLines = state.rejects.unkeptLines
        summary.rejectsProblem = state.rejectsProblem
        summary.rejectsDirectory = configuration.rejects.directory
    }

    private func finishStriped(_ database: inout ImportDatabase) {
        guard !striped.isEmpty else { return }
        do throws(PostgresError) {
            // The connection may have been lost since it was used last.
            if !database.isAlive { database = try ImportDatabase(configuration.database) }
            for (key, end) in striped { try database.finish(key, at: end) }
        } catch {
            // The next run finds every stripe at its end, and tries again.
            summary.stopped = .held(WriteFailure.database(error).text)
        }
    }
}
