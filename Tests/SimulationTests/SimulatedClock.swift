import Ingest
import Threads

/// A clock that stands still until somebody turns it.
final class SimulatedClock: Sendable {
    private let passed = Lock(Duration.zero)
    private let start = ContinuousClock.now
    /// 2026-01-01T00:00:00Z: histories do not depend on the day on which they are gone through.
    static let firstWall: Int64 = 1_767_225_600_000_000_000

    /// Lets time pass.
    func advance(by duration: Duration) {
        passed.withLock { $0 += max(duration, .zero) }
    }

    /// Nanoseconds since 1970.
    var wall: Int64 {
        let (seconds, attoseconds) = passed.withLock { $0 }.components
        return Self.firstWall + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// The same as the pipeline reads it.
    var pipelineClock: PipelineClock {
        PipelineClock(
            now: { [self] in start + passed.withLock { $0 } }, wall: { [self] in wall })
    }
}
