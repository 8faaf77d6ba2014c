import Benchmark
import Glibc
import Workloads

/// The time of one unit of each workload: of a line, a row, a frame.
///
/// This target is part of the package only while `SLUICE_BENCHMARK` is set. Names and medians
/// in nanoseconds:
///
///     SLUICE_BENCHMARK=1 swift package --scratch-path .build-benchmark --disable-sandbox \
///         benchmark --target Speed --format jmh --path stdout --no-progress --quiet |
///         Benchmarks/medians.py
///
/// It adds to `Package.resolved` what only it needs.
let benchmarks: @Sendable () -> Void = {
    for entry in WorkloadEntry.all {
        var workload: (any Workload)?
        // At least a period an iteration, or a branch predictor would know all of it by heart.
        let isLong = entry.name == "parse-wide" || entry.name == "ledger"
        Benchmark(
            entry.name,
            configuration: .init(
                metrics: [unitTime, .wallClock, .throughput],
                scalingFactor: isLong ? .kilo : .mega, maxDuration: .seconds(3)),
            closure: { benchmark in
                let units = benchmark.scaledIterations.count
                let start = processorTime()
                blackHole(workload!.run(units: units))
                benchmark.measurement(unitTime, (processorTime() - start) * 1000 / units)
            },
            setup: { workload = try entry.prepare() },
            teardown: { workload = nil })
    }
}

/// A measure of our own, for the benchmark's time of the processor comes in steps of 10 ms.
private let unitTime = BenchmarkMetric.custom("picoseconds per unit", useScalingFactor: false)

/// Nanoseconds of this thread alone, so that a busy machine counts less.
private func processorTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
