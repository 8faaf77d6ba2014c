/// Shows how far an import is: a bar on a terminal, a line now and then elsewhere.
package struct ImportDisplay {
    private let isTerminal: Bool
    private let columns: Int
    private let write: (String) -> Void
    private var totalBytes: UInt64?
    private var start = ContinuousClock.now
    private var lastShown: ContinuousClock.Instant?
    private var name = ""
    /// Bytes of the files that are done.
    private var doneBytes: UInt64 = 0
    /// Bytes that were passed over because they were loaded before: no measure of the speed.
    private var skippedBytes: UInt64 = 0
    private var rawBytes: UInt64 = 0
    private var isBarShown = false

    /// - Parameters:
    ///   - columns: of the terminal.
    ///   - write: takes text for the terminal or the log as it is.
    package init(isTerminal: Bool, columns: Int = 80, write: @escaping (String) -> Void) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.write = write
    }

    mutating func begin(totalBytes: UInt64?) {
        self.totalBytes = totalBytes
        start = .now
        lastShown = isTerminal ? nil : start
    }

    mutating func beginFile(_ name: String, at rawBytes: UInt64) {
        self.name = fitForTerminal(name)
        self.rawBytes = rawBytes
        skippedBytes += rawBytes
    }

    mutating func endFile(rawBytes: UInt64) {
        doneBytes += rawBytes
        self.rawBytes = 0
    }

    /// - Parameter rawBytes: bytes of the file at work that were read, if that has changed.
    mutating func update(rawBytes: UInt64?, _ lanes: ImportLanes) {
        if let rawBytes { self.rawBytes = rawBytes }
        let now = ContinuousClock.now
        let interval = isTerminal ? ImportLimits.barInterval : ImportLimits.plainInterval
        if let lastShown, now - lastShown < interval { return }
        lastShown = now
        let state = lanes.state
        let text = Self.text(
            Progress(
                name: name, bytes: doneBytes + self.rawBytes, skipped: skippedBytes,
                total: totalBytes, rows: state.outcome.rows, rejected: state.outcome.rejectedTotal,
                seconds: (now - start).seconds, waiting: state.waiting),
            columns: isTerminal ? columns : nil)
        write(isTerminal ? "\r\u{1b}[K\(text)" : "\(text)\n")
        isBarShown = isTerminal
    }

    /// Takes the bar away, so that something else can be written.
    mutating func pause() {
        if isBarShown { write("\r\u{1b}[K") }
        isBarShown = false
    }

    mutating func end() { pause() }

    // MARK: - The text

    /// What is to be shown.
    struct Progress {
        var name: String
        /// Of the files, that were read or passed over.
        var bytes: UInt64
        var skipped: UInt64
        var total: UInt64?
        var rows: UInt64
        var rejected: UInt64
        var seconds: Double
        /// Why the database takes nothing at the moment.
        var waiting: String?
    }

    /// - Parameter columns: the room there is; `nil`: a line of a log, without a bar.
    static func text(_ progress: Progress, columns: Int?) -> String {
        var parts: [String] = []
        let share = progress.total.map { total in
            total > 0 ? min(Double(progress.bytes) / Double(total), 1) : 1
        }
        if let share { parts.append("\(Int(share * 100)) %") }
        let total = progress.total.map { " of \(amount($0))" } ?? ""
        parts.append("\(amount(progress.bytes))\(total)")
        let rate = progress.seconds > 0 ? Double(progress.rows) / progress.seconds : 0
        parts.append("\(Int(rate)) rows/s")
        if progress.rejected > 0 { parts.append("\(progress.rejected) rejected") }
        if let waiting = progress.waiting {
            parts.append("waiting for the database: \(waiting)")
        } else if let left = secondsLeft(progress) {
            parts.append("\(StatusLine.age(.seconds(left))) left")
        }
        let text = parts.joined(separator: ", ")
        guard let columns else { return "\(progress.name): \(text)" }
        let line = share.map { "\(bar($0)) \(text)" } ?? text
        let room = columns - 1 - line.unicodeScalars.count
        // The end of a path says more than its start.
        let name = String(progress.name.suffix(max(0, room - 1)))
        return String((name.isEmpty ? line : "\(name) \(line)").prefix(columns - 1))
    }

    private static let barWidth = 20

    private static func bar(_ share: Double) -> String {
        let full = Int(share * Double(barWidth))
        return "[" + String(repeating: "#", count: full)
            + String(repeating: "-", count: barWidth - full) + "]"
    }

    private static func secondsLeft(_ progress: Progress) -> Double? {
        guard let total = progress.total, progress.bytes > progress.skipped, progress.seconds > 1,
            total >= progress.bytes
        else { return nil }
        let rate = Double(progress.bytes - progress.skipped) / progress.seconds
        return Double(total - progress.bytes) / rate
    }

    private static func amount(_ bytes: UInt64) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) B"
        case ..<10_000_000: "\(bytes / 1_000) kB"
        case ..<10_000_000_000: "\(bytes / 1_000_000) MB"
        default: "\(bytes / 1_000_000_000) GB"
        }
    }
}

/// A name without what would drive a terminal.
func fitForTerminal(_ name: String) -> String {
    String(String.UnicodeScalarView(name.unicodeScalars.map { isControl($0) ? "?" : $0 }))
}
