import Ring

/// The datagrams of one receive: the kernel's in production, scripted ones in the simulation.
protocol DatagramList: ~Copyable {
    var count: Int { get }
    /// Which of a receive's datagrams it is.
    func place(of index: Int) -> Int
    /// - Parameter now: stands in for a receive time that is missing.
    func datagram(at index: Int, now: Int64) -> Datagram
}

extension DatagramList where Self: ~Copyable {
    func place(of index: Int) -> Int { index }
}

extension DatagramBatch: DatagramList {}

/// The receiver's choice: which datagrams of a batch go on, and what is counted for the others.
@safe
struct Intake: ~Copyable {
    // Safe: sole owner of `frames`, of which only the first `frameCount` are read.
    var allow: AddressFilter
    private var drops: DropCounter
    private var frameCount = 0
    /// A bit for each datagram of the batch that goes on.
    private var chosen: UInt64 = 0
    private let origin: FrameOrigin
    private let frames: UnsafeMutablePointer<Arrival>

    init(start: UInt32, allow: AddressFilter, origin: FrameOrigin) {
        self.allow = allow
        self.origin = origin
        drops = DropCounter(start: start)
        unsafe frames = .allocate(capacity: ReceiveLimits.batchCount)
    }

    deinit { unsafe frames.deallocate() }

    /// Looks at each datagram once and keeps the good ones for `append`. Those count as accepted
    /// until the sink says otherwise.
    mutating func take(_ batch: borrowing some DatagramList & ~Copyable) -> ReceiveTally {
        var tally = ReceiveTally()
        let now = DatagramBatch.wallClock()
        var counter: UInt32?
        frameCount = 0
        chosen = 0
        for index in 0..<batch.count {
            let datagram = batch.datagram(at: index, now: now)
            if let dropped = datagram.dropped { counter = dropped }
            tally.received.add(datagram.size)
            // Strangers first: they shall not appear in the figures of the others.
            if !allow.allows(datagram.source) {
                tally.refused.add(datagram.size)
                tally.refusedSender = datagram.source
            } else if datagram.isTruncated {
                tally.truncated.add(datagram.size)
                tally.truncatedSender = datagram.source
            } else if datagram.size == 0 {
                tally.empty.add(0)
            } else {
                tally.accepted.add(datagram.size)
                let info = FrameInfo(
                    receivedAt: datagram.receivedAt, source: origin.source,
                    attributes: origin.attributes)
                unsafe (frames + frameCount).initialize(
                    to: Arrival(info: info, payload: datagram.payload))
                frameCount += 1
                chosen |= 1 << UInt64(batch.place(of: index))
            }
        }
        if let counter { tally.kernelDropped = drops.growth(to: counter) }
        return tally
    }

    /// Hands on what was kept, in one call; answers what found no room.
    ///
    /// - Parameter landing: where the batch is.
    func append(to sink: some FrameSink, from landing: Landing? = nil) -> ReceiveTally.Count {
        guard frameCount > 0 else { return ReceiveTally.Count() }
        landing?.append(chosen)
        return unsafe sink.append(
            UnsafeBufferPointer(start: frames, count: frameCount).span, from: landing)
    }

    /// Asks for the drop counter itself: drops behind the last datagram come with no other.
    mutating func noteDrops(of socket: borrowing DatagramSocket) -> ReceiveTally {
        var tally = ReceiveTally()
        if let counter = socket.dropped() { tally.kernelDropped = drops.growth(to: counter) }
        return tally
    }
}
