package import Logging

/// The figures of a snapshot as log fields; names and meanings are in docs/journal.md.
package enum Summary {
    package static func metadata(_ now: Snapshot) -> Logger.Metadata {
        let received = now.received
        let outcome = now.outcome
        var fields: Logger.Metadata = [
            "received": "\(received.received.datagrams)",
            "received_bytes": "\(received.received.bytes)",
            "committed": "\(outcome.frames)",
            "lines": "\(outcome.lines)",
            "rows": "\(outcome.rows)",
            "rejected": "\(outcome.rejectedTotal)",
            "in_ring": "\(now.framesInRing)",
            "ring_fill": "\(Int(now.fill * 100))%",
            "batches": "\(now.lanes.reduce(0) { $0 + $1.report.batches })",
        ]
        for reason in RejectReason.all where outcome.rejected[Int(reason.rawValue)] > 0 {
            fields["rejected_\(reason.name)"] = "\(outcome.rejected[Int(reason.rawValue)])"
        }
        let rare: [(String, UInt64)] = [
            ("recovered", now.recoveredFrames),
            ("already_stored", now.lanes.reduce(0) { $0 + $1.report.alreadyStored }),
            ("dropped_newest", now.drops.newest.datagrams),
            ("dropped_oldest", now.drops.oldest.datagrams),
            ("dropped_lines", now.drops.lines),
            ("dropped_kernel", received.kernelDropped),
            ("truncated", received.truncated.datagrams),
            ("refused", received.refused.datagrams),
            ("empty", received.empty.datagrams),
            ("duplicates", outcome.duplicates),
            ("files_open", UInt64(now.files?.figures.open ?? 0)),
            ("files_waiting", UInt64(now.files?.figures.waiting ?? 0)),
            ("rejects_unkept", now.lanes.reduce(0) { $0 + $1.report.rejects.unkeptLines }),
            ("rejects_removed", now.lanes.reduce(0) { $0 + $1.report.rejects.removedLines }),
            ("unmatched_values", outcome.unmatchedValues),
            ("unmatched_other", now.lanes.reduce(0) { $0 + $1.report.unmatched.other }),
            ("timestamps_cut", outcome.timestampsCut),
        ]
        for (name, count) in rare where count > 0 { fields[name] = "\(count)" }
        let unmatched = unmatched(now)
        if !unmatched.isEmpty { fields["unmatched"] = .array(unmatched.map { "\($0)" }) }
        return fields
    }

    /// Names that the field `unmatched` shows.
    private static let unmatchedMax = 5

    /// The most frequent names that nothing takes, of all lanes together.
    private static func unmatched(_ now: Snapshot) -> [String] {
        var counts: [UnmatchedName: UInt64] = [:]
        for lane in now.lanes { counts.merge(lane.report.unmatched.counts, uniquingKeysWith: +) }
        let texts = counts.map { name, count in
            (text: name.table.map { "\($0).\(name.name)" } ?? name.name, count: count)
        }
        return texts.sorted { ($1.count, $0.text) < ($0.count, $1.text) }
            .prefix(unmatchedMax).map { "\($0.text):\($0.count)" }
    }
}
