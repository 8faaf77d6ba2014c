import Glibc
import Ring

/// Appends frames to a ring in batches, and walks over them and releases them batch by batch.
@safe  // Sole owner of its memory; the arrivals point into it.
final class RingWorkload: Workload {
    private static let batchFrames = 64
    private static let batchCount = 16

    private let ring: Ring
    private let slab: UnsafeMutableRawBufferPointer
    private let arrivals: [Arrival]
    /// The checksum of the first so many frames.
    private let expected: [UInt64]

    init(payloadBytes: Int) throws {
        let count = Self.batchFrames * Self.batchCount
        ring = try TemporaryRing.open()
        unsafe slab = .allocate(byteCount: count * payloadBytes, alignment: 64)
        for index in unsafe slab.indices {
            unsafe slab[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8)
        }
        var arrivals: [Arrival] = []
        var sums: [UInt64] = [0]
        for index in 0..<count {
            let range = index * payloadBytes..<(index + 1) * payloadBytes
            let payload = unsafe UnsafeRawBufferPointer(rebasing: slab[range])
            let info = FrameInfo(receivedAt: Int64(index), source: 0)
            unsafe arrivals.append(Arrival(info: info, payload: payload))
            sums.append(unsafe sums[index] &+ Self.checksum(info, payload))
        }
        self.arrivals = arrivals
        expected = sums
    }

    deinit { unsafe slab.deallocate() }

    var period: Int { arrivals.count }

    func run(units: Int) -> UInt64 {
        inPeriods(units, of: period) { count in
            var sum: UInt64 = 0
            for start in stride(from: 0, to: count, by: Self.batchFrames) {
                sum &+= pass(start..<min(start + Self.batchFrames, count))
            }
            precondition(sum == expected[count], "the frames are not what was appended")
            return sum
        }
    }

    /// One batch into the ring and out of it.
    private func pass(_ batch: Range<Int>) -> UInt64 {
        let arrivals = arrivals
        let done = ring.append(arrivals.span.extracting(batch)) { _ in
            preconditionFailure("the ring is full")
        }
        precondition(done == batch.count)
        guard let pinned = ring.pin(byteLimit: .max) else {
            preconditionFailure("the ring is empty")
        }
        var sum: UInt64 = 0
        for frame in pinned {
            sum &+= unsafe Self.checksum(frame.info, frame.payload)
        }
        do throws(RingError) {
            try ring.release(to: pinned.end)
        } catch {
            preconditionFailure("the frames cannot be released")
        }
        return sum
    }

    /// Of a frame's ends and its header: to read all of it is the parser's work.
    private static func checksum(_ info: FrameInfo, _ payload: UnsafeRawBufferPointer) -> UInt64 {
        let first = unsafe payload.loadUnaligned(as: UInt64.self)
        let last = unsafe payload.loadUnaligned(
            fromByteOffset: payload.count - 8, as: UInt64.self)
        return first &+ last &* 31 &+ UInt64(payload.count) << 32
            &+ UInt64(bitPattern: info.receivedAt)
    }
}

/// Counts in the ring's ledger as the pipeline does for a batch: intake once, and four outcomes.
final class LedgerWorkload: Workload {
    private static let outcomeCount = 4

    private let ring: Ring
    private let intake = IntakeWords(repeating: 3)
    private var outcomes: [StagedOutcome]
    private var batches: UInt64 = 0

    init() throws {
        ring = try TemporaryRing.open()
        outcomes = (0..<Self.outcomeCount).map { index in
            StagedOutcome(
                index: index, batch: FrameCount(), totals: OutcomeWords(repeating: 0))
        }
    }

    var period: Int { 1000 }

    func run(units: Int) -> UInt64 {
        inPeriods(units, of: period) { count in
            for _ in 0..<count {
                batches += 1
                ring.addIntake(1, intake)
                for index in outcomes.indices { outcomes[index].totals[0] = batches }
                ring.stage(outcomes.span, end: 8)
            }
            return check()
        }
    }

    /// What is staged shows only after a release: the intake alone can be looked at.
    private func check() -> UInt64 {
        let entry = ring.ledger(of: 1)
        var sum: UInt64 = 0
        for index in entry.intake.indices { sum &+= entry.intake[index] }
        precondition(sum == 3 &* batches &* UInt64(entry.intake.count), "the intake is wrong")
        ring.unstage()
        return sum
    }
}
