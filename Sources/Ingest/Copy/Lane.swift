import Postgres
package import Ring
import Synchronization
package import Threads

/// What a lane's writer shares with the rest: its ring, its orders, and what it reports.
package final class Lane: Sendable {
    /// Counted from 0.
    package let number: Int
    package let ring: Ring
    package let report = Lock(LaneReport())
    /// Shared by all lanes.
    let toldNames: ToldNames
    let clock: PipelineClock
    /// What the writer and the reader of files tell each other.
    package let files: FileBoard
    private let drops: DropLedger
    private let orders: Lock<Orders>
    private let turnCount = Atomic<UInt64>(0)
    private let waitsForDatabase = Atomic<Bool>(false)
    private let mayCarryFiles = Atomic<Bool>(false)
    private let gathering = Atomic<Int>(0)
    private let takesOn = Atomic<Bool>(false)
    private let reachedPosition = Atomic<UInt64>(0)

    private struct Orders {
        var configuration: Configuration
        var version = 1
        /// Set when the lane shall end: when it must stop trying.
        var deadline: ContinuousClock.Instant?
        /// Cuts the connection that the writer may be blocked in.
        var sever: (@Sendable () -> Void)?
        /// Set when it was cut because the server did not answer.
        var unanswered: Duration?
    }

    package init(
        number: Int, ring: Ring, configuration: Configuration, drops: DropLedger,
        toldNames: ToldNames, files: FileBoard = FileBoard(),
        clock: PipelineClock = .system
    ) {
        self.number = number
        self.drops = drops
        self.toldNames = toldNames
        self.clock = clock
        self.files = files
        self.ring = ring
        orders = Lock(Orders(configuration: configuration))
    }

    // MARK: - For everybody else

    /// From now on the ring may have chunks of files in it.
    package func expectFiles() { mayCarryFiles.store(true, ordering: .releasing) }

    /// Whether the ring may have chunks of files in it.
    var carriesFiles: Bool { mayCarryFiles.load(ordering: .acquiring) }

    /// As long as more is sure to come, a batch waits for so many bytes in the ring, if not for long;
    /// 0: it waits for none.
    package func gather(bytes: Int) { gathering.store(bytes, ordering: .relaxed) }

    /// From now on a batch takes on what comes into the ring while it is written, as far as its rows
    /// allow. Not for a ring that drops the oldest: nothing can make room during a batch.
    func takeOn() { takesOn.store(true, ordering: .relaxed) }

    /// The ring's position that the batch in work has come to; it goes back when a batch is given up.
    var reached: UInt64 { reachedPosition.load(ordering: .relaxed) }

    /// Gives the writer a new configuration; it takes it up before its next batch.
    package func reconfigure(_ configuration: Configuration) {
        orders.withLock { orders in
            orders.configuration = configuration
            orders.version += 1
        }
        orders.wakeAll()
        ring.wake()
    }

    /// Tells the writer to write what the ring holds, and to end when that is done or at the
    /// deadline; what is left stays in the ring.
    package func finish(by deadline: ContinuousClock.Instant) {
        orders.withLock { $0.deadline = deadline }
        orders.wakeAll()
        ring.wake()
    }

    /// Cuts the connection, so that a writer that waits for a server that does not answer ends.
    package func interrupt() {
        orders.withLock { $0.sever }?()
    }

    /// Cuts the connection because a call was left unanswered for so long.
    package func giveUpConnection(after time: Duration) {
        let sever = orders.withLock { orders in
            if orders.sever != nil { orders.unanswered = time }
            return orders.sever
        }
        sever?()
    }

    /// Grows with all that the writer does, also when nothing arrives.
    package var turns: UInt64 { turnCount.load(ordering: .relaxed) }

    /// Whether the writer is in a call to the database: it may stand still there.
    package var isWaitingForDatabase: Bool { waitsForDatabase.load(ordering: .relaxed) }

    // MARK: - For the writer

    /// Whether a batch takes on what comes while it is written.
    var takesOnFrames: Bool { takesOn.load(ordering: .relaxed) }

    /// Bytes that a batch waits for.
    var gatheredBytes: Int { gathering.load(ordering: .relaxed) }

    func configuration() -> (configuration: Configuration, version: Int) {
        orders.withLock { ($0.configuration, $0.version) }
    }

    /// Changes with every new configuration.
    var configurationVersion: Int { orders.withLock { $0.version } }

    /// Whether the lane shall end when its ring is empty.
    var isFinishing: Bool { orders.withLock { $0.deadline != nil } }

    /// Whether the lane shall end now, whatever the ring holds.
    var isOverdue: Bool {
        orders.withLock { orders in orders.deadline.map { clock.now() >= $0 } ?? false }
    }

    /// Whether there is anything left to do.
    var shouldGoOn: Bool {
        guard isFinishing else { return true }
        return !isOverdue && ring.snapshot().frameCount > 0
    }

    /// Waits, but not past the deadline, and not after a new configuration or the order to end
    /// has come.
    func pause(_ duration: Duration) {
        let now = ContinuousClock.now
        let (version, deadline) = orders.withLock { ($0.version, $0.deadline) }
        let isFinishing = deadline != nil
        let patience = deadline.map { min(duration, $0 - now) } ?? duration
        var left = patience
        while left > .zero {
            turn()
            let changed = orders.wait(atMost: min(left, Self.turnPause)) { orders in
                orders.version != version || (orders.deadline != nil) != isFinishing
            }
            if changed { return }
            left = patience - (ContinuousClock.now - now)
        }
    }

    /// The longest time without a turn while a writer waits.
    static let turnPause = Duration.milliseconds(100)

    /// The batch in work has come to this position.
    func reach(_ position: UInt64) { reachedPosition.store(position, ordering: .relaxed) }

    func turn() {
        turnCount.add(1, ordering: .relaxed)
    }

    /// Makes one call to the database, in which the writer may stand still as long as the server
    /// does. Everything else that it does must move.
    @discardableResult @inline(__always)
    func ask<Answer: ~Copyable>(
        _ call: () throws(PostgresError) -> Answer
    ) throws(WriteFailure) -> Answer {
        waitsForDatabase.store(true, ordering: .relaxed)
        defer {
            waitsForDatabase.store(false, ordering: .relaxed)
            turn()
        }
        do throws(PostgresError) {
            return try call()
        } catch {
            throw .database(error)
        }
    }

    /// Makes room for what will arrive during the next batch, where the ring is to drop the oldest.
    ///
    /// - Returns: how many bytes of frames arrived during the last one.
    func makeRoom() -> Int {
        var losses = RingLosses()
        let arrived = ring.makeRoom { losses.add($0) }
        _ = losses.settle(in: drops, ring)
        return arrived
    }

    /// Notes how to cut the connection that is in use; nil when there is none.
    func hold(_ sever: (@Sendable () -> Void)?) {
        orders.withLock { orders in
            orders.sever = sever
            orders.unanswered = nil
        }
    }

    /// How long the server had not answered when the connection was cut, if that is why it is lost.
    var unanswered: Duration? { orders.withLock { $0.unanswered } }
}
