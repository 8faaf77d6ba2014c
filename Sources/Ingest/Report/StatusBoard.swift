import Threads

/// What the reporter has last said, for whoever asks.
final class StatusBoard: Sendable {
    struct Entry: Sendable {
        /// The status line.
        let text: String
        let snapshot: Snapshot
    }

    private let entry: Lock<Entry>

    /// - Parameters: what holds until the reporter has looked for the first time.
    init(_ text: String, _ snapshot: Snapshot) {
        entry = Lock(Entry(text: text, snapshot: snapshot))
    }

    var latest: Entry { entry.withLock { $0 } }

    func put(_ text: String, _ snapshot: Snapshot) {
        entry.withLock { $0 = Entry(text: text, snapshot: snapshot) }
    }
}

extension StatusBoard.Entry {
    /// The status line, and the figures below it.
    var lines: [String] {
        let figures = figures
        let width = figures.map(\.name.utf8.count).max() ?? 0
        return [text]
            + figures.map { name, value in
                "  \(name)" + String(repeating: " ", count: width - name.utf8.count) + "  \(value)"
            }
    }

    /// One JSON object: the status line as `status`, the figures as numbers under their names.
    var json: String {
        let fields = figures.map { name, value in
            let number = value.hasSuffix("%") ? String(value.dropLast()) : value
            let isNumber = !number.isEmpty && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return "\(JSONText.quoted(name)):\(isNumber ? number : JSONText.quoted(value))"
        }
        return "{\"status\":\(JSONText.quoted(text)),\(fields.joined(separator: ","))}"
    }

    /// Those of a summary in the log.
    private var figures: [(name: String, value: String)] {
        Summary.metadata(snapshot).map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
    }
}
