import Postgres
import Testing

@testable import Ingest

/// The search for refused rows, with a database that is a set of bad row numbers.
@Suite struct FaultFinderTests {
    /// - Returns: the rows that were found, in order, and how many chunks were tried.
    private func search(
        _ count: Int, bad: Set<Int>, line: (_ firstBad: Int) -> Int?
    ) -> (found: [Int], tries: Int) {
        var finder = FaultFinder(count: count)
        var found: [Int] = []
        var tries = 0
        while let range = finder.next {
            tries += 1
            guard let first = range.first(where: bad.contains) else {
                finder.succeeded()
                continue
            }
            let place = line(first - range.lowerBound + 1).map { "COPY t, line \($0)" }
            let error = PostgresError(sqlState: "23514", message: "m", context: place)
            if let row = finder.failed(error) { found.append(row) }
        }
        return (found, tries)
    }

    private static let cases: [(count: Int, bad: Set<Int>)] = [
        (1, []), (1, [0]), (2, [0]), (2, [1]), (7, [0, 6]), (50, Set(0..<50)),
        (1_000, [0, 1, 2, 500, 998, 999]), (1_000, Set(stride(from: 0, to: 1_000, by: 2))),
    ]

    @Test(arguments: cases)
    func `finds exactly the bad rows, with or without line numbers`(
        count: Int, bad: Set<Int>
    ) {
        #expect(search(count, bad: bad) { $0 }.found == bad.sorted())
        #expect(search(count, bad: bad) { _ in nil }.found == bad.sorted())
    }

    @Test(arguments: cases)
    func `a line number that is wrong costs time and no row`(count: Int, bad: Set<Int>) {
        #expect(search(count, bad: bad) { _ in 1 }.found == bad.sorted())
        #expect(search(count, bad: bad) { _ in count }.found == bad.sorted())
        #expect(search(count, bad: bad) { _ in 1_000_000 }.found == bad.sorted())
    }

    @Test(arguments: [0, 1, 777, 49_998, 49_999])
    func `one bad row among fifty thousand takes few tries`(row: Int) {
        #expect(search(50_000, bad: [row]) { $0 }.tries < 24)
        #expect(search(50_000, bad: [row]) { _ in nil }.tries < 64)
    }
}
