/// The two clocks that the pipeline reads; the simulation turns them by hand.
package struct PipelineClock: Sendable {
    /// For spans of time: never set back.
    package let now: @Sendable () -> ContinuousClock.Instant
    /// Nanoseconds since 1970 in UTC.
    package let wall: @Sendable () -> Int64

    /// Clocks of one's own.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        wall: @escaping @Sendable () -> Int64
    ) {
        self.now = now
        self.wall = wall
    }

    /// The machine's.
    package static let system = PipelineClock(
        now: { .now }, wall: { DatagramBatch.wallClock() })
}
