import Logging
import Ring
import ServiceLifecycle
import Synchronization
import Threads

/// Brings the rings to disk at the operator's interval: what a power cut can take is what came
/// since the last time.
struct SyncService: Service {
    let rings: [Ring]
    let interval: Duration
    let progress: SyncProgress
    let logger: Logger

    func run() async throws {
        guard interval > .zero else {
            try? await gracefulShutdown()
            return
        }
        let stop = Lock(false)
        // A thread, because a disk may take its time and the cooperative pool has few of them.
        let thread = PlainThread(name: "sync") { [self] in
            while !stop.wait(atMost: interval, until: { $0 }) { syncAll() }
        }
        try? await gracefulShutdown()
        stop.withLock { $0 = true }
        stop.wakeAll()
        await thread.joinWhenEnded()
    }

    private func syncAll() {
        progress.begin()
        defer { progress.end() }
        for ring in rings where ring.head != ring.syncedHead {
            do throws(RingError) {
                try ring.sync()
            } catch {
                logger.event(
                    .ringNotSynced, .error,
                    "the ring could not be brought to disk: \(error.description)")
            }
        }
    }
}
