import LineProtocol
import Testing

@testable import Ingest

@Suite struct RejectSampleTests {
    private let log = LogRecorder()
    private var samples = RejectSamples()

    /// A batch with so many bad lines, which comes to its end or not.
    private mutating func batch(
        _ lines: Int, _ reason: RejectReason = .noTable, isCommitted: Bool = true
    ) {
        let text = Array("bad line".utf8)
        for _ in 0..<lines where samples.count(reason) {
            text.withUnsafeBufferPointer {
                samples.keep(
                    reason, source: 1, ByteSlice(base: $0.baseAddress!, count: $0.count), "why")
            }
        }
        if isCommitted { samples.settle() } else { samples.forget() }
    }

    private mutating func told(after seconds: Double, isLast: Bool = false) -> [LogRecorder.Entry] {
        samples.tell(log.logger, at: start + .seconds(seconds), isLast: isLast) { "source \($0)" }
        return log.take()
    }

    @Test mutating func `the first line of a reason is told at once, with its listener`() {
        batch(3)
        let entry = told(after: 0).first
        #expect(entry?.event == .lineRejected)
        #expect(entry?.fields["reason"] == "no_table")
        #expect(entry?.fields["lines"] == "3")
        #expect(entry?.fields["total"] == "3")
        #expect(entry?.fields["source"] == "source 1")
        #expect(entry?.fields["line"] == "bad line")
    }

    @Test mutating func `what came within the minute is told when it is over, without another`() {
        batch(3)
        _ = told(after: 0)
        batch(4)
        batch(5)
        let early = told(after: 59)
        #expect(early.isEmpty)
        let entries = told(after: 60)
        #expect(entries.count == 1)
        #expect(entries.first?.fields["lines"] == "9")
        #expect(entries.first?.fields["total"] == "12")
        let later = told(after: 600)
        #expect(later.isEmpty)
    }

    @Test mutating func `what is untold at the stop is told there`() {
        batch(1)
        _ = told(after: 0)
        batch(2)
        let entries = told(after: 1, isLast: true)
        #expect(entries.map { $0.fields["lines"] } == ["2"])
    }

    @Test mutating func `each reason has a minute of its own`() {
        batch(1)
        _ = told(after: 0)
        batch(1)
        batch(1, .uniqueViolation)
        let entries = told(after: 1)
        #expect(entries.map(\.event) == [.rowRejected])
    }

    @Test mutating func `a batch that did not come to its end counts nothing`() {
        batch(5, isCommitted: false)
        let entries = told(after: 0)
        #expect(entries.isEmpty)
        batch(2)
        let after = told(after: 0)
        #expect(after.first?.fields["total"] == "2")
    }
}
