import Logging
import ServiceLifecycle
import Systemd
import Threads

/// Runs the lanes' writers on threads of their own, and on the way out lets them write what the
/// rings hold.
struct WriterService: Service {
    let lanes: [Lane]
    let drain: @Sendable () -> Duration
    let notify: Notify
    let logger: Logger

    /// What a writer may take beyond the limit to notice that it is over.
    private static let grace = Duration.seconds(2)
    private static let look = Duration.milliseconds(10)

    func run() async throws {
        let threads = lanes.map { lane in
            var logger = logger
            logger[metadataKey: "lane"] = "\(lane.number)"
            return PlainThread(name: "write \(lane.number)") { [logger] in
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
        for (lane, thread) in zip(lanes, threads) {
            if lane.hasStopped {
                await thread.joinWhenEnded()
            } else {
                logger.event(
                    .stageStalled, .error,
                    "a writer does not end; the daemon ends without it, and its ring keeps everything",
                    ["stage": "write \(lane.number)"])
            }
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

    /// Waits for the writers, and tells the service manager that this is no hang.
    private func wait(until deadline: ContinuousClock.Instant) async {
        var nextWord = ContinuousClock.now
        while lanes.contains(where: { !$0.hasStopped }), ContinuousClock.now < deadline {
            if ContinuousClock.now >= nextWord {
                notify.send(.extendTimeout(TimeoutExtension.length))
                nextWord = .now + TimeoutExtension.interval
            }
            try? await Task.sleep(for: Self.look)
        }
    }
}

extension Lane {
    /// Whether its writer has come to its end.
    var hasStopped: Bool { report.withLock { $0.state == .stopped } }
}
