/// What an import has come to.
package struct ImportSummary: Sendable {
    /// Why it ended before the files did.
    package enum Stop: Sendable, Equatable {
        case interrupted
        /// A person has to do something first.
        case held(String)
    }

    /// Files read to their end, or to where they break off.
    package var files = 0
    /// Files that could not be loaded, or not to their end.
    package var failedFiles = 0
    /// Files whose content breaks off.
    package var brokenFiles = 0
    /// Bytes of content that were in the database before.
    package var storedBytes: UInt64 = 0
    package var outcome = OutcomeTally()
    package var keptLines: UInt64 = 0
    package var unkeptLines: UInt64 = 0
    package var rejectsProblem: String?
    package var rejectsDirectory = ""
    package var seconds = 0.0
    package var stopped: Stop?
    /// Of the first file that failed.
    package var exitCode: Int32?
    /// Rows that each table would get; for a run that writes nothing.
    package var tables: [(table: String, rows: Int)] = []

    package init() {}

    /// For people, line by line.
    package func lines(isDry: Bool) -> [String] {
        let verb = isDry ? "would be rows" : "rows"
        var text = "\(files) \(files == 1 ? "file" : "files"), \(outcome.lines) lines:"
        text += " \(outcome.rows) \(verb), \(outcome.rejectedTotal) rejected"
        if outcome.duplicates > 0 { text += ", \(outcome.duplicates) duplicates" }
        var lines = [text]
        lines += tables.map { "  \($0.rows) rows for \($0.table)" }
        for reason in RejectReason.all where outcome.rejected[Int(reason.rawValue)] > 0 {
            lines.append("  \(outcome.rejected[Int(reason.rawValue)]) rejected, \(reason.name)")
        }
        if outcome.rejectedTotal > 0, !isDry { lines.append(keeping) }
        if outcome.unmatchedValues > 0 {
            lines.append("  \(outcome.unmatchedValues) tags and fields that no column takes")
        }
        if storedBytes > 0 { lines.append("  \(storedBytes) bytes were in the database already") }
        lines.append("\(Self.tenths(seconds)) s, \(rate) \(isDry ? "lines" : "rows")/s")
        return lines
    }

    private var keeping: String {
        if unkeptLines == 0 {
            return "  rejected lines are in \(rejectsDirectory): sluice rejects list"
        }
        let why = rejectsProblem.map { " (\($0))" } ?? ""
        return "  \(unkeptLines) of the rejected lines are kept nowhere\(why)"
    }

    private var rate: Int {
        let count = tables.isEmpty ? outcome.rows : outcome.lines
        return seconds > 0 ? Int((Double(count) / seconds).rounded()) : 0
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
