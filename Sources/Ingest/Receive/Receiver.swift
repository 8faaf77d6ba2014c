import Glibc
import Synchronization
import Threads

/// Takes datagrams from one socket and puts them into a sink: a plain loop for a thread of its
/// own, `run`, and what other threads may ask of it meanwhile.
///
/// The loop allocates its memory before its first turn and nothing after. It never logs.
package final class Receiver<Sink: FrameSink>: Sendable {
    private let socket: DatagramSocket
    private let sink: Sink
    private let origin: FrameOrigin
    private let landing: Landing
    private let total = Lock(ReceiveTally())
    private let filter: Lock<AddressFilter>
    private let filterVersion = Atomic<Int>(0)
    private let turnCount = Atomic<UInt64>(0)
    private let isStopping = Atomic<Bool>(false)

    package init(
        socket: consuming DatagramSocket, origin: FrameOrigin, allow: AddressFilter, sink: Sink,
        landing: Landing = Landing()
    ) {
        self.socket = socket
        self.origin = origin
        self.sink = sink
        self.landing = landing
        filter = Lock(allow)
    }

    /// Where it listens.
    package var endpoint: Endpoint { socket.endpoint }

    package var receiveBuffer: ReceiveBuffer { socket.receiveBuffer }

    package var ownership: DatagramSocket.Ownership { socket.ownership }

    /// Lends the socket's descriptor, to be copied to another process.
    package func withDescriptor<Result>(_ body: (CInt) -> Result) -> Result {
        socket.withDescriptor(body)
    }

    /// What the kernel had dropped of an inherited socket's datagrams before we had it; not in
    /// the tally.
    package var droppedBefore: UInt32 { socket.droppedBefore }

    /// What became of everything so far.
    package var tally: ReceiveTally { total.withLock { $0 } }

    /// Grows with every turn of the loop, at least every 100 ms, also when nothing arrives. The
    /// watchdog looks at it.
    package var turns: UInt64 { turnCount.load(ordering: .relaxed) }

    /// Changes which sources are listened to, from the next turn on.
    package func replaceAllow(_ allow: AddressFilter) {
        filter.withLock { $0 = allow }
        filterVersion.add(1, ordering: .releasing)
    }

    /// Asks the loop to end; it does so within one wait.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
    }

    /// Receives until `stop`, or until the socket fails for good. Call it once, on its own thread.
    ///
    /// A socket of our own may be gone after us, so what had arrived before the end is still taken;
    /// one that was handed over keeps its queue for the process that follows.
    package func run() throws(SocketError) {
        var batch = DatagramBatch(landing)
        var intake = Intake(
            start: socket.droppedBefore, allow: filter.withLock { $0 }, origin: origin)
        var version = filterVersion.load(ordering: .acquiring)
        while !isStopping.load(ordering: .acquiring) {
            let current = filterVersion.load(ordering: .acquiring)
            if current != version {
                version = current
                intake.allow = filter.withLock { $0 }
            }
            let received = try turn(&batch, &intake)
            if batch.mayGather(received, in: receiveBuffer) {
                usleep(ReceiveLimits.gatherMicroseconds)
            }
        }
        if socket.ownership == .own { try drain(&batch, &intake) }
        count(intake.noteDrops(of: socket))
    }

    /// One batch: receive, choose, append in one call, count once.
    ///
    /// - Returns: the bytes of its datagrams.
    @discardableResult
    private func turn(
        _ batch: inout DatagramBatch, _ intake: inout Intake
    ) throws(SocketError) -> Int {
        try socket.receive(into: &batch)
        turnCount.add(1, ordering: .relaxed)
        guard batch.count > 0 else {
            count(intake.noteDrops(of: socket))
            return 0
        }
        var tally = intake.take(batch)
        let overflow = intake.append(to: sink, from: landing)
        tally.settle(overflow: overflow)
        count(tally)
        landing.enter(.idle)
        return Int(tally.received.bytes)
    }

    /// Takes what was queued when the stop was noticed; what arrives later would never end.
    private func drain(
        _ batch: inout DatagramBatch, _ intake: inout Intake
    ) throws(SocketError) {
        socket.stopWaiting()
        // Receive times cannot tell the end: the kernel leaves them out at first.
        var left = socket.queuedMax()
        repeat {
            try turn(&batch, &intake)
            left -= batch.count
        } while batch.count > 0 && left > 0
    }

    private func count(_ tally: ReceiveTally) {
        guard tally != ReceiveTally() else { return }
        sink.count(tally, source: origin.source)
        total.withLock { $0 += tally }
    }
}
