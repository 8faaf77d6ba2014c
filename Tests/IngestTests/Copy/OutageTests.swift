import Postgres
import Testing
import Threads

@testable import Ingest

@Suite struct OutageTests {
    private let log = LogRecorder()
    private var outage: Outage

    init() {
        outage = Outage(logger: log.logger, report: Lock(LaneReport()), clock: .system)
    }

    @Test mutating func `a reason whose figures change at each try is told once`() {
        for head in [5_192_640, 5_282_400, 5_392_320] {
            outage.holding(.ring("position 5129569 is not the end of a frame before \(head)"))
        }
        #expect(log.take().count == 1)
    }

    @Test mutating func `a trouble that another line of the COPY meets is told once`() {
        for line in 1...3 {
            let place = "COPY t, line \(line)"
            let error = PostgresError(sqlState: "40P01", message: "deadlock", context: place)
            outage.unavailable(.database(error), wasConnected: true)
        }
        #expect(log.take().count == 1)
    }

    @Test mutating func `tables whose names differ by a figure are told of each`() {
        for table in ["t1", "t2"] {
            let error = PostgresError(sqlState: "42501", message: "no right to write \(table)")
            outage.holding(.database(error))
        }
        #expect(log.take().count == 2)
    }

    @Test mutating func `another reason is told, and the first one again behind it`() {
        outage.holding(.ring("the first"))
        outage.holding(.progressMoved)
        outage.holding(.ring("the first"))
        #expect(log.take().count == 3)
    }
}
