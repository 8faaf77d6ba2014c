import Logging
import ServiceLifecycle
import Threads

/// Runs the lanes' writers on threads of their own, and on the way out lets them write what the
/// rings hold.
struct WriterService: Service {
    let lanes: [Lane]
    let drain: @Sendable () -> Duration
    let logger: Logger

    /// What a writer may take beyond the limit to notice that it is over.
    private static let grace = Duration.seconds(2)
    private static let look = Duration.milliseconds(10)

    func run() async throws {
        let threads = lanes.map { lane in
            PlainThread(name: "write \(lane.number)") { [logger] in
                var writer = Writer(lane, logger: logger)
                writer.run()
            }
        }
        try? await gracefulShutdown()
        let drain = drain()
        let deadline = ContinuousClock.now + drain
        for lane in lanes { lane.finish(by: deadline) }
        await wait(until: deadline)
        // A server that does not answer must not hold the stop up; the ring keeps everything.
        for lane in lanes where !lane.hasStopped { lane.interrupt() }
        await wait(until: .now + Self.grace)
        for (lane, thread) in zip(lanes, threads) where lane.hasStopped {
            await thread.joinWhenEnded()
        }
        let left = lanes.reduce(0) { $0 + $1.ring.snapshot().frameCount }
        if left == 0 {
            logger.event(.drained, .info, "everything that was accepted is in the database")
        } else {
            logger.event(
                .readingsLeft, .notice, "readings are left in the ring for the next start",
                ["datagrams": "\(left)", "limit": "\(drain.fieldText)"])
        }
    }

    private func wait(until deadline: ContinuousClock.Instant) async {
        while lanes.contains(where: { !$0.hasStopped }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: Self.look)
        }
    }
}

extension Lane {
    /// Whether its writer has come to its end.
    var hasStopped: Bool { report.withLock { $0.state == .stopped } }
}
