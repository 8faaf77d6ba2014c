import TestSupport
import Testing

@testable import Ingest
@testable import Postgres
@testable import Ring

/// When a writer begins its batches, by a clock that is turned by hand.
@Suite struct PaceTests {
    /// A lane with a writer, and a server without troubles.
    private final class Bench {
        let clock = SimulatedClock()
        let server = SimulatedServer(dice: SeededGenerator(seed: 1))
        let folder = temporaryFolder()
        let lane: Lane
        private let source: UInt16
        private var writer: Writer<SimulatedSession>?
        private var nextID: Int64 = 1

        init(interval: String, rows: Int) throws {
            let configuration = try Configuration.parse(
                """
                [ring]
                directory = "\(folder)"
                [batch]
                interval = "\(interval)"
                rows = \(rows)
                """)
            let ring = try Ring.open(
                RingConfiguration(
                    path: folder + "/ring-0", capacity: 1 << 20, overflow: .dropNewest)
            ).ring
            source = try ring.register(source: "main")
            lane = Lane(
                number: 0, ring: ring, configuration: configuration, drops: DropLedger(),
                toldNames: ToldNames(), clock: clock.pipelineClock)
            let server = server
            writer = Writer(
                lane, logger: RecordedLog().logger, random: SeededGenerator(seed: 2)
            ) { (_) throws(PostgresError) in try server.connect() }
        }

        deinit { removeFolder(folder) }

        /// Datagrams of one row each.
        func receive(_ count: Int) {
            for _ in 0..<count {
                let line = Reading(
                    id: nextID, key: nextID, table: .plain, fate: .row,
                    time: SimulatedClock.firstWall
                ).line
                nextID += 1
                Array(line.utf8).withUnsafeBytes { bytes in
                    let arrivals = [
                        Arrival(
                            info: FrameInfo(
                                receivedAt: SimulatedClock.firstWall, source: source, attributes: 0),
                            payload: bytes)
                    ]
                    #expect(lane.ring.append(arrivals.span, lost: { _ in }) == 1)
                }
            }
        }

        /// Lets the interval pass, and a batch of so many rows be written.
        func writeFirst(_ count: Int, after interval: Duration) {
            _ = stepOn()
            clock.advance(by: interval)
            receive(count)
            _ = stepOn()
            #expect(written == count)
        }

        var written: Int { server.contents.plain.count }

        /// Steps until the writer asks for time, and gives what it asks for without waiting.
        func stepOn() -> Duration {
            while true {
                guard var writer = writer.take() else { return .zero }
                let rest = writer.step()
                self.writer = consume writer
                switch rest {
                case .none: continue
                case .frames(let time), .pause(let time): return time
                case .ended: return .zero
                }
            }
        }
    }

    @Test func `a full batch is followed by the next one at once`() throws {
        let bench = try Bench(interval: "10s", rows: 4)
        bench.writeFirst(4, after: .seconds(10))
        bench.receive(3)
        _ = bench.stepOn()
        #expect(bench.written == 7, "behind a full batch nothing waits for the interval")
    }

    @Test func `a batch that was not full is followed after the interval`() throws {
        let bench = try Bench(interval: "10s", rows: 4)
        bench.writeFirst(3, after: .seconds(10))
        bench.receive(4)
        #expect(bench.stepOn() == .seconds(10))
        #expect(bench.written == 3)
        bench.clock.advance(by: .seconds(10))
        _ = bench.stepOn()
        #expect(bench.written == 7)
    }

    @Test func `a batch waits for as much as is to be gathered`() throws {
        let bench = try Bench(interval: "0s", rows: 1_000)
        bench.lane.gather(bytes: 1 << 10)
        _ = bench.stepOn()
        bench.receive(1)
        #expect(bench.stepOn() == IngestLimits.gatherLook)
        #expect(bench.written == 0)
        bench.receive(30)
        #expect(bench.lane.ring.snapshot().usedBytes >= 1 << 10)
        _ = bench.stepOn()
        #expect(bench.written == 31)
    }

    @Test(arguments: [false, true])
    func `a batch takes on what comes while it is written, where it is to`(takesOn: Bool) throws {
        let bench = try Bench(interval: "0s", rows: 8)
        if takesOn { bench.lane.takeOn() }
        _ = bench.stepOn()
        bench.receive(3)
        var coming = [2]
        // Before a call to the server, once the batch has its frames.
        bench.server.diesNow = { [unowned bench] in
            if bench.lane.ring.state.withLock({ $0.pin != nil }), !coming.isEmpty {
                bench.receive(coming.removeFirst())
            }
            return false
        }
        _ = bench.stepOn()
        #expect(bench.written == 5)
        #expect(bench.lane.report.withLock { $0.batches } == (takesOn ? 1 : 2))
    }

    @Test func `a batch does not wait for more than it may, nor at the end`() throws {
        let bench = try Bench(interval: "0s", rows: 1_000)
        bench.lane.gather(bytes: 1 << 19)
        _ = bench.stepOn()
        bench.receive(1)
        _ = bench.stepOn()
        bench.clock.advance(by: IngestLimits.gatherPatience)
        _ = bench.stepOn()
        #expect(bench.written == 1)
        bench.receive(1)
        #expect(bench.stepOn() == IngestLimits.gatherLook)
        bench.lane.gather(bytes: 0)
        _ = bench.stepOn()
        #expect(bench.written == 2)
    }
}
