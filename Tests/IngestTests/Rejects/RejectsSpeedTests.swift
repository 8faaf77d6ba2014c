import LineProtocol
import Testing

@testable import Ingest

@Suite struct RejectsSpeedTests {
    /// Prints, and demands nothing: a busy machine is no fault.
    @Test func `the time that a refused line takes is printed`() throws {
        let folder = try RejectsFolder()
        var writer = folder.writer(now: { currentNanoseconds() })
        writer.settle(upTo: 0)
        let line = Array("weather,station=a17,area=north temperature=x 1785585600123456789".utf8)
        let count = 200_000
        let clock = ContinuousClock()
        let time = clock.measure {
            line.withUnsafeBufferPointer { bytes in
                let slice = ByteSlice(base: bytes.baseAddress!, count: bytes.count)
                for _ in 0..<count {
                    writer.add(
                        slice, source: 0, reason: RejectReason(.value),
                        receivedAt: testTime, precision: .nanoseconds,
                        table: "\"public\".\"weather\"")
                }
            }
        }
        let disk = clock.measure {
            writer.write(end: 8)
            writer.settle(upTo: 8)
        }
        #expect(writer.counters.keptLines == UInt64(count))
        print("a refused line: \(time / count), writing the rest of \(count): \(disk)")
    }
}
