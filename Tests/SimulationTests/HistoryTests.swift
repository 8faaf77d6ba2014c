import Glibc
import TestSupport
import Testing

@testable import Ingest

/// Thousands of histories of one daemon: each reading that was accepted must be in its table exactly
/// once, whatever died in between.
@Suite struct HistoryTests {
    /// `SLUICE_EFFORT` times so many histories are gone through.
    private static let histories = 2_000

    @Test func `what was accepted is in its table exactly once, whatever dies`() throws {
        // A single one is replayed by its seed.
        if let seed = getenv("SLUICE_HISTORY").flatMap({ UInt64(String(cString: $0)) }) {
            try check(seed)
            return
        }
        let first = randomSeed(for: "histories")
        for number in 0..<UInt64(Self.histories * effort) {
            try check(first &+ number)
        }
    }

    /// The second of two damages leaves tail and head where they are.
    @Test func `what was dropped behind a damage is dropped in the model as well`() throws {
        try check(1_457_025_743)
    }

    /// The database loses what a damaged ring had given it; a power cut brings it back into the ring.
    @Test(arguments: [1_514_065_948, 1_966_587_107])
    func
        `what a restored database lost may come back into the ring, and is not certain to be written`(
            _ seed: UInt64
        ) throws
    { try check(seed) }

    private func check(_ seed: UInt64) throws {
        var history = try History(seed: seed)
        let complaints = try history.run()
        for complaint in complaints.prefix(5) {
            Issue.record("\(complaint); replay with SLUICE_HISTORY=\(seed)")
        }
        if !complaints.isEmpty {
            history.printLog()
            throw Failed()
        }
    }

    private struct Failed: Error {}
}
