/// How one file is loaded: where its content begins to be read, and whose rows say how far its parts are.
struct ImportPlan: Equatable, Sendable {
    /// Without a stripe.
    let key: FileKey
    /// A known start of a line, at or before the first byte that is missing.
    let start: UInt64
    /// What was found to be in already, for the person who asks.
    let storedBytes: UInt64
    /// How the lines from `stripes.base` on are shared out; `nil`: all of them go to one lane in order.
    let stripes: Stripes?
    /// Whether what the database says of this file is of another content.
    let isRestart: Bool

    /// The same for every run that loads the file, or lines would be loaded twice.
    struct Stripes: Equatable, Sendable {
        let base: UInt64
        let count: UInt16
        let bytes: UInt32

        func key(_ key: FileKey, at offset: UInt64) -> FileKey {
            let index = UInt16(((offset - base) / UInt64(bytes)) % UInt64(count))
            var key = key
            key.stripe = FileStripe(base: base, index: index, count: count, bytes: bytes)
            return key
        }

        /// The first byte that a stripe may lack when it has come to `position`: in the midst of a piece that
        /// itself, else the start of its next piece.
        func firstMissing(ofStripe index: UInt64, at position: UInt64) -> UInt64 {
            let piece = (max(position, base) - base) / UInt64(bytes)
            let distance = (index + UInt64(count) - piece % UInt64(count)) % UInt64(count)
            return distance == 0 ? position : base + (piece + distance) * UInt64(bytes)
        }

        /// Where the piece that `offset` lies in ends.
        func boundary(after offset: UInt64) -> UInt64 {
            base + ((offset - base) / UInt64(bytes) + 1) * UInt64(bytes)
        }
    }

    /// For what is read once and kept in no row.
    static let once = ImportPlan(
        key: FileKey(.stream, .none), start: 0, storedBytes: 0,
        stripes: nil, isRestart: false)

    private init(
        key: FileKey, start: UInt64, storedBytes: UInt64, stripes: Stripes?, isRestart: Bool
    ) {
        self.key = key
        self.start = start
        self.storedBytes = storedBytes
        self.stripes = stripes
        self.isRestart = isRestart
    }

    /// - Parameters:
    ///   - first: the file's first bytes, as far as a fingerprint may cover them.
    ///   - size: bytes of its content; `nil` when that is not known before the end.
    ///   - known: what the database has under this identity.
    ///   - lanes: how many may share a large file.
    init(
        _ identity: FileIdentity, first: UnsafeRawBufferPointer, size: UInt64?,
        known: [KnownFile], lanes: Int
    ) {
        let matching = known.filter { unsafe $0.key.fingerprint.matches(first) }
        let whole = matching.last { $0.key.stripe == nil }
        let base = whole?.position ?? 0
        let rows = matching.filter { $0.key.stripe != nil && $0.position > base }
        isRestart = whole == nil && known.contains { $0.key.stripe == nil }
        if let row = rows.last, let stripe = row.key.stripe {
            // Rows of stripes are found by the fingerprint that they were begun with.
            key = FileKey(identity, row.key.fingerprint)
            let stripes = Stripes(base: stripe.base, count: stripe.count, bytes: stripe.bytes)
            let positions = Self.positions(
                rows.filter { $0.key.fingerprint == row.key.fingerprint }, stripes)
            self.stripes = stripes
            start = Self.start(positions, stripes)
            storedBytes = start
            return
        }
        unsafe key = FileKey(identity, FileFingerprint(of: first))
        start = base
        storedBytes = base
        let left = size.map { $0 > base ? $0 - base : 0 }
        stripes =
            lanes > 1 && left.map { $0 >= ImportLimits.stripedBytesMin } ?? true
            ? Stripes(base: base, count: ImportLimits.stripeCount, bytes: ImportLimits.stripeBytes)
            : nil
    }

    /// How far each stripe is; `nil` for one that nothing was loaded of.
    private static func positions(_ rows: [KnownFile], _ stripes: Stripes) -> [UInt64?] {
        var positions = [UInt64?](repeating: nil, count: Int(stripes.count))
        for row in rows {
            guard let stripe = row.key.stripe, stripe.base == stripes.base,
                stripe.count == stripes.count, stripe.bytes == stripes.bytes
            else { continue }
            positions[Int(stripe.index)] = row.position
        }
        return positions
    }

    /// Everything before the first byte that a stripe lacks is in; the nearest known start of a line before
    /// it is where reading begins.
    private static func start(_ positions: [UInt64?], _ stripes: Stripes) -> UInt64 {
        let missing = positions.enumerated().map { index, position in
            stripes.firstMissing(ofStripe: UInt64(index), at: position ?? stripes.base)
        }.min()!
        return (positions.compactMap(\.self) + [stripes.base]).filter { $0 <= missing }.max()!
    }
}

/// The numbers that bound an import. Sizes are bytes.
package enum ImportLimits {
    /// The rings of all lanes together: what is read ahead of the database.
    private static let ringBytesTotal = 64 << 20
    /// A ring is not larger than this: the kernel takes longer to make the pages of a larger one than
    /// larger transactions gain.
    private static let ringBytesMax = 16 << 20
    /// The ring of a single lane. Its transactions may be as large as it is, for each one's end keeps the only
    /// process of the server from rows, and each one's COPY begins in buffers that this process has not
    /// used yet.
    private static let ringBytesAlone = 32 << 20
    /// A ring is not smaller than this.
    private static let ringBytesMin = 8 << 20

    /// The ring of each lane.
    static func ringBytes(lanes: Int) -> Int {
        lanes == 1 ? ringBytesAlone : min(max(ringBytesTotal / lanes, ringBytesMin), ringBytesMax)
    }

    /// What a transaction begins with at most: half a ring, so that the other half is filled meanwhile. That
    /// of a single lane takes on what comes until then.
    static func batchBytes(lanes: Int) -> Int { ringBytes(lanes: lanes) / 2 }
    static let batchRows = 500_000

    /// Rows of one COPY, see `IngestLimits.slabRows`; that of a single lane takes a whole ring of
    /// lines of 85 bytes.
    static func slabRows(lanes: Int) -> Int { lanes == 1 ? 384 << 10 : IngestLimits.slabRows }

    /// What a lane has before it when it has enough, less a piece that was begun. A batch in work goes into
    /// the ring with it, so that whoever has the least to do does not lack the room.
    static func readAheadBytes(lanes: Int) -> Int {
        ringBytes(lanes: lanes) / 2 - Int(stripeBytes)
    }
    /// Time between two looks at lanes of which all have enough to do.
    static let readAheadLook = Duration.milliseconds(10)

    /// What a batch waits for, as long as there is more to read; for one that takes on more, so much that
    /// the reader stays ahead of it.
    static func gatheredBytes(lanes: Int) -> Int {
        lanes == 1 ? ringBytes(lanes: lanes) / 8 : ringBytes(lanes: lanes) * 3 / 8
    }
    /// The pieces in which a file is shared out to lanes.
    static let stripeBytes: UInt32 = 1 << 20
    /// Every so many pieces have a row in common that says how far they are. A piece may go to another lane
    /// than the one before it in its row when that is in the database, which it is long before.
    static let stripeCount: UInt16 = 256
    /// Smaller files go to one lane.
    static let stripedBytesMin: UInt64 = 8 << 20
    /// Lanes at most, and processors that they are made for when nobody says how many.
    package static let lanesMax = 16
    static let lanesDefaultMax = 4
    /// Time between two looks at what the lanes do.
    static let look = Duration.milliseconds(50)
    /// Time between two lines of progress where no terminal is.
    static let plainInterval = Duration.seconds(10)
    /// Time between two pictures of the bar.
    static let barInterval = Duration.milliseconds(200)
    /// How long a stop waits for an answer of the database before it cuts the connection.
    static let stopPatience = Duration.seconds(5)
}
