import LineProtocol
import Ring

/// Puts chunks of files into the lanes' rings, each file into one, and leaves room there for what
/// cannot wait.
@safe
final class RingFileOutlet: FileOutlet {
    // Safe: sole owner of `frame`, which one thread uses.
    private let lanes: [LaneOutlet]
    /// How many of the lanes take new files; the others are those of before.
    private let feeding: Int
    private let loader: FileRowsLoader
    private let precisions: [Precision]
    private let frame: UnsafeMutableRawBufferPointer
    /// Files whose lane is not the one that their identity gives: a ring of before has chunks of them.
    private var assigned: [FileIdentity: Int] = [:]
    /// What the rings held at the start.
    private var found: [FileIdentity: FilesInRing.Entry] = [:]
    /// How far the database had files at the start, as far as they were not asked for.
    private var stored: [FileIdentity: KnownFile] = [:]
    private var known: [KnownFile]?
    /// The files that the lanes' boards know.
    private var begun: Set<FileIdentity> = []

    /// - Parameters:
    ///   - found: what each lane's ring held.
    ///   - feeding: how many of the lanes, from the first, take new files.
    ///   - clock: nanoseconds since 1970.
    init(
        lanes: [Lane], found: [FilesInRing], feeding: Int, files: [Configuration.Files],
        loader: FileRowsLoader, clock: @escaping @Sendable () -> Int64 = { currentNanoseconds() }
    ) throws(RingError) {
        self.feeding = feeding
        self.loader = loader
        precisions = files.map(\.precision)
        var outlets: [LaneOutlet] = []
        for lane in lanes {
            outlets.append(try LaneOutlet(lane, names: files.map(\.name), clock: clock))
        }
        self.lanes = outlets
        unsafe frame = .allocate(
            byteCount: FileChunk.byteCount + ContentCutter.bufferBytes, alignment: 64)
        for (index, files) in found.enumerated() {
            for (identity, entry) in files.entries { take(entry, identity, lane: index) }
        }
    }

    deinit { unsafe frame.deallocate() }

    /// A file that a ring has chunks of stays with that ring. Whoever reads it fills gaps.
    private func take(_ entry: FilesInRing.Entry, _ identity: FileIdentity, lane: Int) {
        found[identity] = entry
        assigned[identity] = lane
        begun.insert(identity)
        lanes[lane].begin(identity, pendingUntil: entry.frameEnd)
    }

    // MARK: - FileOutlet

    func knownFiles() -> [KnownFile]? {
        if let known { return known }
        guard let rows = loader.rows else { return nil }
        var files: [FileKey: KnownFile] = [:]
        for row in rows {
            if row.key.stripe == nil { stored[row.key.identity] = row }
            guard row.key.stripe == nil, let entry = found[row.key.identity] else {
                files[row.key] = row
                continue
            }
            lanes[lane(of: row.key.identity)].begin(row.key.identity, committed: row)
            // The database cannot know the file by more than the ring does, but may have more of it.
            var now = entry.known
            if now.key.fingerprint == row.key.fingerprint, !entry.hasGap {
                now.position = max(now.position, row.position)
            }
            found[row.key.identity]?.known = now
        }
        for entry in found.values { files[entry.known.key] = entry.known }
        known = Array(files.values)
        return known
    }

    func offer(_ chunk: FileChunk, section: Int, lines: UnsafeRawBufferPointer) -> Bool {
        let identity = chunk.key.identity
        let lane = lanes[lane(of: identity)]
        let byteCount = FileChunk.byteCount + lines.count
        precondition(unsafe byteCount <= frame.count)
        if begun.insert(identity).inserted {
            lane.begin(identity, committed: stored.removeValue(forKey: identity))
        }
        guard lane.hasRoom(for: byteCount) else { return false }
        unsafe chunk.write(to: frame)
        unsafe UnsafeMutableRawBufferPointer(rebasing: frame[FileChunk.byteCount...]).copyMemory(
            from: lines)
        return unsafe lane.append(
            UnsafeRawBufferPointer(rebasing: frame[..<byteCount]), of: identity, section: section,
            FrameAttributes(precisions[section], isFile: true))
    }

    func state(of identity: FileIdentity) -> FileOutletState {
        let lane = lanes[lane(of: identity)]
        // In this order: what leaves the ring was noted as committed before.
        let isPending = lane.isPending(identity)
        return FileOutletState(
            committed: begun.contains(identity) ? lane.committed(identity) : stored[identity],
            isPending: isPending)
    }

    func forget(_ identity: FileIdentity) {
        lanes[lane(of: identity)].forget(identity)
        begun.remove(identity)
        assigned[identity] = nil
    }

    func startIsOver(reading files: Set<FileIdentity>) {
        for identity in found.keys where !files.contains(identity) {
            lanes[lane(of: identity)].forget(identity)
            begun.remove(identity)
        }
        found = [:]
    }

    private func lane(of identity: FileIdentity) -> Int {
        // Inodes of one folder may all be even.
        assigned[identity] ?? Int((identity.inode &* 0x9e37_79b9_7f4a_7c15) >> 32) % feeding
    }
}
