import Glibc
import Testing

@testable import Ring

/// Figures, not a test: `SLUICE_BENCH=1`, optimised, on a quiet machine.
@Suite(.enabled(if: getenv("SLUICE_BENCH") != nil), .serialized)
struct SpeedTests {
    @Test(arguments: [100, 1400])
    func `appending and walking batches of 64`(length: Int) throws {
        let parent = getenv("SLUICE_BENCH_FOLDER").map { String(cString: $0) }
        let folder = Folder()
        let path = parent.map { $0 + "/bench-ring" } ?? folder.file("ring")
        defer { unlink(path) }
        let (ring, _) = try openRing(path, capacity: 64 << 20)
        let bytes = (0..<64).map { index in [UInt8](repeating: UInt8(index), count: length) }
        let slab = bytes.flatMap { $0 }
        var appending: [Double] = []
        var walking: [Double] = []
        try slab.withUnsafeBytes { all in
            let arrivals = (0..<64).map { index in
                let part = UnsafeRawBufferPointer(
                    rebasing: all[index * length..<(index + 1) * length])
                return Arrival(info: FrameInfo(receivedAt: 0, source: 0), payload: part)
            }
            for _ in 0..<40 {
                let batches = (8 << 20) / (64 * length)
                let append = processorTime {
                    for _ in 0..<batches { ring.append(arrivals.span) { _ in } }
                }
                appending.append(append / Double(batches * 64))
                var sum = 0
                var count = 0
                let walk = try processorTime {
                    while let pinned = ring.pin(byteLimit: 1 << 20) {
                        for frame in pinned {
                            sum &+= Int(frame.payload[0]) &+ frame.payload.count
                            count += 1
                        }
                        try ring.release(to: pinned.end)
                    }
                }
                #expect(count == batches * 64 && sum > 0)
                walking.append(walk / Double(count))
            }
        }
        let first = appending[0]
        print(
            "\(length) bytes: append \(median(appending)) ns (first lap \(Int(first))),",
            "pin, walk and release \(median(walking)) ns per frame")
    }
}

extension SpeedTests {
    @Test func `counting in the ledger`() throws {
        let folder = Folder()
        let (ring, _) = try openRing(folder.file("ring"), capacity: 1 << 20)
        let words = IntakeWords(repeating: 3)
        var adding: [Double] = []
        var staging: [Double] = []
        for lap in 0..<40 {
            let add = processorTime { for _ in 0..<10_000 { ring.addIntake(1, words) } }
            adding.append(add / 10_000)
            let outcomes = (0..<4).map { index in
                StagedOutcome(
                    index: index, batch: FrameCount(),
                    totals: OutcomeWords(repeating: UInt64(lap)))
            }
            let stage = processorTime {
                for _ in 0..<1000 { ring.stage(outcomes.span, end: 8) }
            }
            staging.append(stage / 4000)
        }
        print("add intake \(median(adding)) ns, stage \(median(staging)) ns per record")
    }
}

/// Nanoseconds of this thread alone, so that a busy machine does not count.
private func processorTime(_ body: () throws -> Void) rethrows -> Double {
    var start = timespec()
    var end = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
    try body()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
    return Double(end.tv_sec - start.tv_sec) * 1e9 + Double(end.tv_nsec - start.tv_nsec)
}

private func median(_ values: [Double]) -> Int { Int(values.sorted()[values.count / 2]) }
