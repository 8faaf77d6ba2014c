import Glibc
import LineProtocol
import Logging
import Postgres
import Ring
import Systemd

/// The lanes of one import: each with a ring that ends with the process, and a writer.
final class ImportLanes {
    let lanes: [Lane]
    private let writers: ImportWriters
    private let source: UInt16
    private let attributes: FrameAttributes

    /// What all lanes together have come to.
    struct State: Equatable {
        var outcome = OutcomeTally()
        var rejects = RejectsCounters()
        var rejectsProblem: String?
        /// Why the database cannot take rows at the moment.
        var waiting: String?
        /// Why a person has to do something first.
        var held: String?
    }

    /// Takes over the writers, which are connecting, and lets them work.
    ///
    /// - Parameter rings: one for each lane.
    init(
        _ configuration: Configuration, _ rings: ImportRings, _ writers: ImportWriters,
        precision: Precision
    ) throws(RingError) {
        var lanes: [Lane] = []
        let toldNames = ToldNames()
        let drops = DropLedger()
        for (number, ring) in try rings.take().enumerated() {
            let lane = Lane(
                number: number, ring: ring, configuration: configuration, drops: drops,
                toldNames: toldNames)
            lane.expectFiles()
            lane.gather(bytes: ImportLimits.gatheredBytes(lanes: configuration.ring.lanes))
            if configuration.ring.lanes == 1 { lane.takeOn() }
            lanes.append(lane)
        }
        source = try lanes[0].ring.register(source: ImportRun.sourceName)
        for lane in lanes.dropFirst() { _ = try lane.ring.register(source: ImportRun.sourceName) }
        attributes = FrameAttributes(precision, isFile: true)
        self.lanes = lanes
        self.writers = writers
        writers.begin(lanes)
    }

    /// How many bytes a lane waits for before it begins a batch.
    func gather(bytes: Int) {
        for lane in lanes { lane.gather(bytes: bytes) }
    }

    // MARK: - Chunks

    /// The place in a lane's ring where the next chunk is made; `nil` as long as there is no room.
    func place(lane index: Int) -> UnsafeMutableRawBufferPointer? {
        unsafe lanes[index].ring.lend(bytes: ContentCutter.placeBytes)
    }

    /// Puts a chunk, a `FileChunk` with its lines, into a lane's ring: made in its place.
    ///
    /// - Returns: the position behind it.
    func put(_ payload: UnsafeRawBufferPointer, lane index: Int) -> UInt64 {
        let info = FrameInfo(
            receivedAt: currentNanoseconds(), source: source, attributes: attributes.rawValue)
        let arrivals = unsafe [Arrival(info: info, payload: payload)]
        let ring = lanes[index].ring
        let done = ring.append(arrivals.span, overflow: .stop, lost: { _ in })
        precondition(done == 1, "there is room for a chunk that has a place")
        return ring.snapshot().head
    }

    /// How far each lane is.
    var standings: [LaneSharing.Standing] {
        lanes.map { lane in
            let ring = lane.ring.snapshot()
            return LaneSharing.Standing(tail: ring.tail, reached: lane.reached, head: ring.head)
        }
    }

    /// Waits until a lane has room for a chunk, or `ImportLimits.look` is over.
    func waitForPlace(lane index: Int) {
        _ = lanes[index].ring.waitForSpace(
            bytes: ContentCutter.placeBytes, atMost: ImportLimits.look)
    }

    /// Waits until everything that was offered is in the database, or `ImportLimits.look` is over.
    func waitUntilEmpty() -> Bool {
        let deadline = ContinuousClock.now + ImportLimits.look
        return lanes.allSatisfy { $0.ring.waitUntilEmpty(atMost: max(deadline - .now, .zero)) }
    }

    var state: State {
        var state = State()
        for lane in lanes {
            let report = lane.report.withLock { $0 }
            state.outcome.add(report.total)
            state.rejects.add(report.rejects)
            state.rejectsProblem = state.rejectsProblem ?? report.rejectsProblem
            switch report.state {
            case .unavailable(let why): state.waiting = why
            case .holding(let why): state.held = why
            case .starting, .writing, .stopped: break
            }
        }
        return state
    }

    // MARK: - The end

    /// Ends the writers: when they have written everything, or after the batch at work.
    func finish(isStopped: Bool) {
        let deadline: ContinuousClock.Instant =
            isStopped ? .now : .now + .seconds(1_000_000_000)
        for lane in lanes { lane.finish(by: deadline) }
        if isStopped {
            let patience = ContinuousClock.now + ImportLimits.stopPatience
            while !lanes.allSatisfy(\.hasStopped), .now < patience {
                usleep(UInt32(ImportLimits.look / .microseconds(1)))
            }
            // A server that does not answer: the transaction is rolled back, and comes again.
            for lane in lanes where !lane.hasStopped { lane.interrupt() }
        }
        writers.join()
    }
}
