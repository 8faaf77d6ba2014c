import LineProtocol
import Logging

/// One example for each reason that lines were rejected for, so that the log can tell what is
/// wrong without an entry per line.
struct RejectSamples {
    private struct Sample {
        var source: UInt16
        var line: String
        var detail: String
        var table: String?
        var sqlState: String?
    }

    /// What is known of one reason.
    private struct Entry {
        /// Of the batch in work; nothing of it holds before its end.
        var noted: Sample?
        var notedCount: UInt64 = 0
        /// Of committed batches, and not told yet.
        var untold: Sample?
        var untoldCount: UInt64 = 0
        /// Since the start.
        var total: UInt64 = 0
        var lastTold: ContinuousClock.Instant?
    }

    private var entries = [Entry](repeating: Entry(), count: RejectReason.count)
    /// Most turns have nothing to tell.
    private var hasUntold = false

    /// The same reason is told again only after this time, with the number of lines meanwhile.
    static let interval = Duration.seconds(60)
    /// Bytes of a rejected line that a log entry shows.
    static let lineBytesMax = 256

    /// Counts a line.
    ///
    /// - Returns: whether it is the first with this reason, whose text should be kept.
    mutating func count(_ reason: RejectReason, lines: UInt64 = 1) -> Bool {
        let index = Int(reason.rawValue)
        entries[index].notedCount += lines
        return entries[index].noted == nil && entries[index].untold == nil
    }

    /// Keeps a line as the example.
    ///
    /// - Parameters:
    ///   - table: that it was meant for.
    ///   - sqlState: where the database refused it.
    mutating func keep(
        _ reason: RejectReason, source: UInt16, _ line: ByteSlice, _ detail: String,
        table: String? = nil, sqlState: String? = nil
    ) {
        let text = unsafe String(decoding: line.buffer.prefix(Self.lineBytesMax), as: UTF8.self)
        entries[Int(reason.rawValue)].noted = Sample(
            source: source, line: text, detail: detail, table: table, sqlState: sqlState)
    }

    /// Forgets what a batch noted that did not come to its end.
    mutating func forget() {
        for index in entries.indices {
            entries[index].noted = nil
            entries[index].notedCount = 0
        }
    }

    /// The batch is committed: what it noted holds.
    mutating func settle() {
        for index in entries.indices where entries[index].notedCount > 0 {
            entries[index].untold = entries[index].untold ?? entries[index].noted
            entries[index].untoldCount += entries[index].notedCount
            entries[index].total += entries[index].notedCount
            entries[index].noted = nil
            entries[index].notedCount = 0
            hasUntold = true
        }
    }

    /// Tells of the reasons whose time has come.
    ///
    /// - Parameters:
    ///   - isLast: nothing comes after it, so nothing is kept for later.
    ///   - listener: the name of a source.
    mutating func tell(
        _ logger: Logger, at now: ContinuousClock.Instant, isLast: Bool = false,
        listener: (_ source: UInt16) -> String?
    ) {
        guard hasUntold else { return }
        hasUntold = false
        for index in entries.indices {
            guard let sample = entries[index].untold else { continue }
            if let last = entries[index].lastTold, !isLast, now - last < Self.interval {
                hasUntold = true
                continue
            }
            let reason = RejectReason(rawValue: UInt8(index))
            var fields: Logger.Metadata = [
                "reason": "\(reason.name)", "lines": "\(entries[index].untoldCount)",
                "total": "\(entries[index].total)",
                "source": "\(listener(sample.source) ?? "unknown")",
                "line": "\(sample.line)",
            ]
            if let table = sample.table { fields["table"] = "\(table)" }
            if let sqlState = sample.sqlState { fields["sqlstate"] = "\(sqlState)" }
            logger.event(
                reason.isFromDatabase ? .rowRejected : .lineRejected, .warning,
                "rejected: \(sample.detail)", fields)
            entries[index].untold = nil
            entries[index].untoldCount = 0
            entries[index].lastTold = now
        }
    }
}
