import Ring

/// One lane as the reader of files sees it: how much of the ring its chunks take, and when they have
/// left it.
final class LaneOutlet {
    private let lane: Lane
    /// The ring's index of each `[[files]]`.
    private let sources: [UInt16]
    private let clock: @Sendable () -> Int64
    /// Bytes of chunks that may be in the ring.
    private let bytesMax: Int
    /// Chunks in the ring, in their order there: where each ends, and its size.
    private var pending: [(end: UInt64, bytes: Int)] = []
    /// The first of `pending` that has not left the ring.
    private var first = 0
    private var pendingBytes = 0
    /// Where a file's last chunk ends in the ring.
    private var ends: [FileIdentity: UInt64] = [:]

    init(_ lane: Lane, names: [String], clock: @escaping @Sendable () -> Int64) throws(RingError) {
        self.lane = lane
        self.clock = clock
        var sources: [UInt16] = []
        for name in names { sources.append(try lane.ring.register(source: name)) }
        self.sources = sources
        bytesMax = min(
            lane.ring.capacity / FileLimits.ringShare, FileLimits.pendingBytesMax)
        lane.expectFiles()
    }

    func begin(
        _ identity: FileIdentity, committed file: KnownFile? = nil, pendingUntil end: UInt64? = nil
    ) {
        lane.files.begin(identity, committed: file)
        if let end { ends[identity] = end }
    }

    func committed(_ identity: FileIdentity) -> KnownFile? { lane.files.committed(identity) }

    func isPending(_ identity: FileIdentity) -> Bool {
        guard let end = ends[identity] else { return false }
        if end > lane.ring.snapshot().tail { return true }
        ends[identity] = nil
        return false
    }

    func forget(_ identity: FileIdentity) {
        lane.files.forget(identity)
        ends[identity] = nil
    }

    /// Files take a share of the ring only: what arrives by itself and cannot wait finds room, and
    /// does not stand behind more than a few batches.
    func hasRoom(for bytes: Int) -> Bool {
        let ring = lane.ring.snapshot()
        while first < pending.count, pending[first].end <= ring.tail {
            pendingBytes -= pending[first].bytes
            first += 1
        }
        if first == pending.count || first > Self.spentMax {
            pending.removeFirst(first)
            first = 0
        }
        return pendingBytes == 0
            || pendingBytes + bytes <= bytesMax && ring.usedBytes + bytes <= ring.capacity / 2
    }

    /// Spent entries that may stand in front of the others.
    private static let spentMax = 1_024

    /// - Returns: whether it is in.
    func append(
        _ payload: UnsafeRawBufferPointer, of identity: FileIdentity, section: Int,
        _ attributes: FrameAttributes
    ) -> Bool {
        let info = FrameInfo(
            receivedAt: clock(), source: sources[section], attributes: attributes.rawValue)
        let arrivals = unsafe [Arrival(info: info, payload: payload)]
        guard lane.ring.append(arrivals.span, overflow: .stop, lost: { _ in }) == 1 else {
            return false
        }
        var tally = ReceiveTally()
        tally.received.add(payload.count)
        tally.accepted.add(payload.count)
        lane.ring.addIntake(Ring.ledgerIndex(of: sources[section]), IntakeWords(tally))
        // Others may have appended since; then it seems to leave the ring a little later.
        let end = lane.ring.head
        pending.append((end, payload.count))
        pendingBytes += payload.count
        ends[identity] = end
        return true
    }
}
