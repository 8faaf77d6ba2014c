/// How long to wait before the next try: doubling, bounded, with jitter, so that many daemons that
/// lost the same server do not come back in step.
struct Backoff {
    let first: Duration
    let max: Duration
    private(set) var failures = 0

    init(first: Duration, max: Duration) {
        self.first = first
        self.max = max
    }

    /// The pause after one more failure: between half of the nominal time and all of it.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let nominal = min(first * (1 << min(failures, 20)), max)
        failures += 1
        return nominal * Double.random(in: 0.5...1, using: &generator)
    }

    /// Starts from the beginning, after a success.
    mutating func reset() {
        failures = 0
    }
}
