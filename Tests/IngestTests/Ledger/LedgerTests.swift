import Testing

@testable import Ingest
@testable import Ring

@Suite struct LedgerTests {
    private func books(_ change: (inout SourceLedger) -> Void) -> SourceLedger {
        var books = SourceLedger()
        books.received = .init(datagrams: 10, bytes: 100)
        books.accepted = .init(datagrams: 10, bytes: 100)
        books.committed = .init(datagrams: 10, bytes: 100)
        change(&books)
        return books
    }

    @Test func `a law that is missed is told part by part`() {
        #expect(books { _ in }.imbalance.isNone)
        let more = books { $0.committed.datagrams += 2 }
        #expect("\(more.imbalance)" == "2 datagrams")
        let less = books { $0.committed.bytes -= 7 }
        #expect("\(less.imbalance)" == "-7 bytes")
        let lines = books { $0.rows = 3 }
        #expect("\(lines.imbalance)" == "3 lines")
    }

    @Test func `a frame that was not counted yet is accepted and received after all`() {
        var released: UInt64 = 0
        let killed = books { $0.inRing = .init(datagrams: 1, bytes: 9) }
        let delta = LedgerReconciliation.correction(of: killed, released: &released)
        #expect(delta?[.acceptedDatagrams] == 1 && delta?[.acceptedBytes] == 9)
        #expect(delta?[.receivedDatagrams] == 1 && delta?[.receivedBytes] == 9)
        #expect(delta?[.lostDatagrams] == 0)
    }

    @Test func `what is nowhere is lost, unless the ring has released it`() {
        let cut = books { $0.committed = .init(datagrams: 8, bytes: 70) }
        var released: UInt64 = 0
        let lost = LedgerReconciliation.correction(of: cut, released: &released)
        #expect(lost?[.lostDatagrams] == 2 && lost?[.lostBytes] == 30)
        released = 3
        let stored = LedgerReconciliation.correction(of: cut, released: &released)
        #expect(stored?[.releasedDatagrams] == 2 && stored?[.lostDatagrams] == 0)
        #expect(released == 1)
    }

    @Test func `books that add up need no correction`() {
        var released: UInt64 = 5
        #expect(LedgerReconciliation.correction(of: books { _ in }, released: &released) == nil)
        #expect(released == 5)
    }

    @Test func `what is written down is read as it was`() {
        var tally = OutcomeTally()
        tally.frames = 1
        tally.bytes = 2
        tally.lines = 9
        tally.rows = 3
        tally.duplicates = 4
        tally.reject(.timeTooOld, count: 2)
        var outcome = OutcomeWords(repeating: 0)
        outcome.add(tally)
        var received = ReceiveTally()
        received.received = .init(datagrams: 5, bytes: 6)
        received.kernelDropped = 7
        let entry = LedgerEntry(
            intake: IntakeWords(received), outcome: outcome,
            inRing: FrameCount(frames: 8, bytes: 9))
        let read = SourceLedger(entry)
        #expect(read.committed == .init(datagrams: 1, bytes: 2))
        #expect(read.rows == 3 && read.duplicates == 4 && read.lines == 9)
        #expect(read.rejected[Int(RejectReason.timeTooOld.rawValue)] == 2)
        #expect(read.received == .init(datagrams: 5, bytes: 6) && read.kernelDropped == 7)
        #expect(read.inRing == .init(datagrams: 8, bytes: 9))
        #expect(read.imbalance.lines == 0)
    }

    @Test func `every counter has a place in the ring's file`() {
        #expect(IntakeWord.allCases.count <= LedgerLimits.intakeWordCount)
        #expect(OutcomeWord.allCases.count <= OutcomeWord.firstRejected)
        #expect(OutcomeWord.firstRejected + RejectReason.count <= LedgerLimits.outcomeWordCount)
    }
}
