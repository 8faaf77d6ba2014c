import Logging
import Systemd

/// Where log entries go, and are lost rather than waited for: logging must not hold up readings.
protocol LossyOutput: Sendable {
    /// How many entries were not taken since this was last asked; starts again at zero.
    func takeLostCount() -> Int
    /// Counts entries as lost again, when the one that reported them was lost itself.
    func putBackLostCount(_ count: Int)
}

extension Journal: LossyOutput {}

extension LossyOutput {
    /// Entries that were not taken leave a gap; the next one that is taken says so.
    ///
    /// - Parameter send: hands an entry over, and counts it when it is lost.
    func reportLost(_ send: (LogEvent) -> Bool) {
        let count = takeLostCount()
        guard count > 0 else { return }
        let event = LogEvent(
            level: .warning, message: "log entries were lost here because nobody took them",
            metadata: [
                Event.metadataKey: "\(Event.journalLost.rawValue)", "entries": "\(count)",
            ],
            source: nil, file: #fileID, function: #function, line: #line)
        // The report's own loss is counted by the output; only what it spoke of comes back.
        if !send(event) { putBackLostCount(count - 1) }
    }
}
