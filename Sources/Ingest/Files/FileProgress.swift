import Postgres

/// How far files are in the database, and how far the batch in work takes them: their rows in
/// `sluice_progress`, one for each file or stripe.
///
/// The database's word decides: what it has already is passed over, however often it is offered.
struct FileProgress {
    /// What rows are told apart by. A file that is read on under another fingerprint keeps its row; a stripe
    /// keeps its fingerprint, and one of another content has nothing to do with it.
    private struct Part: Hashable {
        let identity: FileIdentity
        let stripe: FileStripe?
        let fingerprint: FileFingerprint?

        init(_ key: FileKey) {
            identity = key.identity
            stripe = key.stripe
            fingerprint = key.stripe == nil ? nil : key.fingerprint
        }

        /// A pattern of LIKE for the rows.
        var pattern: String {
            guard let fingerprint else { return FileKey.pattern(identity) }
            return FileKey(identity, fingerprint, stripe: stripe).text
        }
    }

    /// What becomes of a chunk.
    enum Verdict: Equatable {
        /// Its lines are written, from so many bytes behind its start on.
        case write(from: Int)
        /// The database has all of it.
        case alreadyStored
        /// Chunks before it are missing, and come again: so will this one.
        case early
    }

    /// Rows that are remembered; beyond that the database is asked again.
    private static let rowsMax = 4_096

    /// As committed; `nil` inside: the database has no row.
    private var stored: [Part: KnownFile?] = [:]
    /// As the batch in work leaves them.
    private var current: [Part: KnownFile] = [:]
    /// Bytes in front of chunks of the batch in work that are missing and do not come again.
    private var missingBytes: UInt64 = 0
    /// Whose rows.
    private let owner: String
    /// Bytes of files that are lost for good, until they are told.
    private var lostBytes: UInt64 = 0
    /// Whether rows are only thought to be moved.
    private let isDry: Bool

    /// - Parameter owner: what stands in `ring_id`.
    init(owner: String = HostIdentity.current, isDry: Bool = false) {
        self.owner = owner
        self.isDry = isDry
    }

    /// Whether the batch in work has come to files.
    var isTouched: Bool { !current.isEmpty }

    // MARK: - Before a batch

    /// Nothing is known any more: another connection may lead to another database, and another
    /// program may have loaded the same file.
    mutating func forget() {
        stored.removeAll(keepingCapacity: true)
        current.removeAll(keepingCapacity: true)
    }

    /// The batch in work never happened.
    mutating func giveUp() {
        current.removeAll(keepingCapacity: true)
        missingBytes = 0
    }

    /// Reads the rows of files that are not known yet, and those of stripes each time.
    ///
    /// - Returns: how far the files among them are that are taken in order.
    mutating func read(
        _ keys: Set<FileKey>, _ session: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> [KnownFile] {
        if stored.count > Self.rowsMax { stored.removeAll(keepingCapacity: true) }
        // Another lane may have moved a stripe on since it was read.
        for key in keys where key.stripe != nil { stored[Part(key)] = nil }
        let parts = Set(keys.map(Part.init)).filter { stored[$0] == nil && !$0.identity.isStream }
        guard !parts.isEmpty else { return [] }
        let patterns = parts.map(\.pattern)
        let rows = try session.query(
            """
            SELECT source, position FROM \(Destinations.progressTable) \
            WHERE ring_id = $1 AND source LIKE ANY ($2::text[]) ORDER BY updated_at
            """, [owner, arrayLiteral(patterns.sorted())])
        for part in parts { stored[part] = .some(nil) }
        for row in rows {
            guard let file = KnownFile(row: row), parts.contains(Part(file.key)) else { continue }
            stored[Part(file.key)] = file
        }
        return parts.filter { $0.stripe == nil }.compactMap { part in
            stored[part] ?? nil
        }
    }

    // MARK: - Within a batch

    /// Whether a chunk that was not there when rows were read can be taken: its file's row was read, and
    /// nobody else moves it.
    func isKnown(_ key: FileKey) -> Bool {
        key.identity.isStream || key.stripe == nil && stored[Part(key)] != nil
    }

    /// Decides on a chunk, and takes it for written unless the verdict is another one. Its file's row
    /// must have been read.
    ///
    /// - Parameters:
    ///   - lineBytes: how many bytes of lines it carries.
    ///   - comesAgain: whether what is missing in front of it will be offered again.
    mutating func take(_ chunk: FileChunk, lineBytes: Int, comesAgain: Bool) -> Verdict {
        if chunk.key.identity.isStream { return .write(from: 0) }
        let part = Part(chunk.key)
        let row = current[part] ?? stored[part] ?? nil
        let isRestart = chunk.flags.contains(.restart)
        let position = isRestart ? chunk.start : row?.position ?? firstPosition(of: chunk)
        let isNew = row == nil && chunk.flags.contains(.isLast)
        if chunk.end <= position, !isRestart, !isNew { return .alreadyStored }
        // Between the pieces of a stripe stand those of others.
        if chunk.start > position, chunk.key.stripe == nil {
            if comesAgain { return .early }
            missingBytes += chunk.start - position
        }
        current[part] = KnownFile(chunk.key, position: max(position, chunk.end))
        let skip = position > chunk.start ? position - chunk.start : 0
        return .write(from: min(Int(clamping: skip), lineBytes))
    }

    private func firstPosition(of chunk: FileChunk) -> UInt64 {
        chunk.key.stripe == nil ? 0 : chunk.start
    }

    // MARK: - At its end

    /// Moves the rows within the open transaction.
    ///
    /// - Returns: whether they were as they had been read. If not, another program loads the same
    ///   file, and this transaction must not be committed.
    func move(_ session: inout some DatabaseSession & ~Copyable) throws(PostgresError) -> Bool {
        if isDry { return true }
        var updates: [(now: KnownFile, next: KnownFile)] = []
        var inserts: [KnownFile] = []
        // In one order for everybody, so that two transactions never wait for each other.
        for (part, next) in current.sorted(by: { $0.value.key.text < $1.value.key.text }) {
            if let now = stored[part] ?? nil {
                updates.append((now, next))
            } else {
                inserts.append(next)
            }
        }
        var moved = 0
        if !updates.isEmpty { moved += try update(updates, &session) }
        if !inserts.isEmpty { moved += try insert(inserts, &session) }
        return moved == current.count
    }

    private func update(
        _ rows: [(now: KnownFile, next: KnownFile)],
        _ session: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> Int {
        try session.query(
            """
            UPDATE \(Destinations.progressTable) p \
            SET source = u.next, position = u.position, updated_at = now() \
            FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) \
            AS u (now, next, stored, position) \
            WHERE p.ring_id = $1 AND p.source = u.now AND p.position = u.stored RETURNING 1
            """,
            [
                owner, arrayLiteral(rows.map(\.now.key.text)),
                arrayLiteral(rows.map(\.next.key.text)),
                arrayLiteral(rows.map { String($0.now.position) }),
                arrayLiteral(rows.map { String($0.next.position) }),
            ]
        ).count
    }

    private func insert(
        _ rows: [KnownFile], _ session: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> Int {
        try session.query(
            """
            INSERT INTO \(Destinations.progressTable) (ring_id, source, position) \
            SELECT $1::uuid, u.source, u.position FROM unnest($2::text[], $3::bigint[]) \
            AS u (source, position) ON CONFLICT DO NOTHING RETURNING 1
            """,
            [
                owner, arrayLiteral(rows.map(\.key.text)),
                arrayLiteral(rows.map { String($0.position) }),
            ]
        ).count
    }

    /// Bytes of files that were found to be lost: the ring has lost them, and their file is gone.
    mutating func takeLostBytes() -> UInt64 {
        defer { lostBytes = 0 }
        return lostBytes
    }

    /// The transaction with `move` is committed.
    ///
    /// - Returns: how far it has brought the files that are taken in order.
    mutating func committed() -> [KnownFile] {
        let moved = current
        lostBytes += missingBytes
        missingBytes = 0
        for (part, row) in moved { stored[part] = row }
        current.removeAll(keepingCapacity: true)
        return moved.filter { $0.key.stripe == nil }
            .map(\.value)
    }
}
