/// Work of one kind over input that was made beforehand: the same work in every run.
package protocol Workload: AnyObject {
    /// After so many units the input begins anew: counts and times of whole periods can be compared.
    var period: Int { get }

    /// Does so many units of work, without allocating.
    ///
    /// - Returns: a checksum of all results. One that is not the expected one is a trap.
    func run(units: Int) -> UInt64
}

/// A workload that can be made by its name.
package struct WorkloadEntry: Sendable {
    /// Never changes: recorded figures stand under it.
    package let name: String
    /// What is counted: a line, a row, a frame.
    package let unit: String
    /// Makes the input.
    package let prepare: @Sendable () throws -> any Workload
}

extension WorkloadEntry {
    /// Every workload, in the order of a reading's way.
    package static let all: [WorkloadEntry] = [
        WorkloadEntry(name: "ring-14", unit: "frame") { try RingWorkload(payloadBytes: 1330) },
        WorkloadEntry(name: "ring-1", unit: "frame") { try RingWorkload(payloadBytes: 95) },
        WorkloadEntry(name: "ledger", unit: "batch") { try LedgerWorkload() },
        WorkloadEntry(name: "parse", unit: "line") { ParseWorkload(.readings()) },
        WorkloadEntry(name: "parse-1", unit: "line") {
            ParseWorkload(.readings(), isDatagrams: true)
        },
        WorkloadEntry(name: "parse-varied", unit: "line") { ParseWorkload(.varied()) },
        WorkloadEntry(name: "parse-mixed", unit: "line") { ParseWorkload(.mixed()) },
        WorkloadEntry(name: "parse-wide", unit: "line") { ParseWorkload(.wide()) },
        WorkloadEntry(name: "encode", unit: "row") { EncodeWorkload(isFixed: false) },
        WorkloadEntry(name: "encode-fixed", unit: "row") { EncodeWorkload(isFixed: true) },
        WorkloadEntry(name: "sort", unit: "row") { SortWorkload() },
        WorkloadEntry(name: "encode-numeric", unit: "value") { NumericWorkload() },
        WorkloadEntry(name: "decimal-double", unit: "value") { DoubleWorkload() },
    ]

    /// The workload of this name.
    package static func named(_ name: String) -> WorkloadEntry? {
        all.first { $0.name == name }
    }
}

/// Cuts work into passes over the input's period.
///
/// - Parameter body: does the first so many units of the period.
func inPeriods(_ units: Int, of period: Int, _ body: (_ count: Int) -> UInt64) -> UInt64 {
    precondition(units >= 0)
    var sum: UInt64 = 0
    var left = units
    while left > 0 {
        let count = min(left, period)
        sum &+= body(count)
        left -= count
    }
    return sum
}
