/// What `sluice rejects list` says: refused lines by reason, source and measurement.
package struct RejectsList: Sendable {
    private struct Key: Hashable, Comparable {
        let reason: String
        let source: String
        let measurement: String

        static func < (one: Key, other: Key) -> Bool {
            (one.reason, one.source, one.measurement)
                < (other.reason, other.source, other.measurement)
        }
    }

    private struct Group {
        var lines = 0
        var first: Int64
        var last: Int64
        var samples: [String] = []
        var details: [String] = []
    }

    private var groups: [Key: Group] = [:]
    /// Lines of groups beyond those that are told one by one.
    private var other = 0
    /// All of them.
    package private(set) var total = 0

    /// Lines that are shown of each group.
    private static let samplesMax = 3
    /// Bytes of a line that is shown.
    private static let sampleBytesMax = 200

    package init() {}

    /// Counts a line.
    package mutating func add(_ entry: RejectsEntry) {
        total += 1
        let key = Key(reason: entry.reason, source: entry.source, measurement: entry.measurement)
        guard groups[key] != nil || groups.count < RejectsLimits.groupsMax else {
            other += 1
            return
        }
        var group = groups[key] ?? Group(first: entry.time, last: entry.time)
        group.lines += 1
        group.first = min(group.first, entry.time)
        group.last = max(group.last, entry.time)
        if group.samples.count < Self.samplesMax {
            group.samples.append(
                String(decoding: entry.line.prefix(Self.sampleBytesMax), as: UTF8.self))
        }
        if let detail = entry.detail, group.details.isEmpty { group.details = [detail] }
        groups[key] = group
    }

    private var sorted: [(key: Key, group: Group)] {
        groups.map { (key: $0.key, group: $0.value) }
            .sorted { ($1.group.lines, $0.key) < ($0.group.lines, $1.key) }
    }

    /// For people: a group on a line, with what it is about below.
    package var lines: [String] {
        if total == 0 { return ["no refused lines"] }
        var lines: [String] = []
        for (key, group) in sorted {
            lines.append(
                "\(group.lines) \(key.reason), listener \(visible(key.source)), measurement"
                    + " \(visible(key.measurement)), \(rejectsTimeText(group.first)) to"
                    + " \(rejectsTimeText(group.last))")
            lines += group.details.map { "    \(visible($0))" }
            lines += group.samples.map { "    > \(visible($0))" }
        }
        if other > 0 { lines.append("\(other) of further reasons, listeners and measurements") }
        return lines + ["\(total) lines"]
    }

    /// One object on one line.
    package var json: String {
        let all = sorted.map { key, group in
            """
            {"reason":\(JSONText.quoted(key.reason)),"source":\(JSONText.quoted(key.source)),\
            "measurement":\(JSONText.quoted(key.measurement)),"lines":\(group.lines),\
            "first":"\(rejectsTimeText(group.first))","last":"\(rejectsTimeText(group.last))",\
            "samples":[\(group.samples.map(JSONText.quoted).joined(separator: ","))]}
            """
        }
        return "{\"lines\":\(total),\"other\":\(other),\"groups\":[\(all.joined(separator: ","))]}"
    }
}

/// What a sensor sent must neither end a line nor drive a terminal.
private func visible(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.flatMap { scalar in
                isControl(scalar)
                    ? Array("\\x\(String(scalar.value, radix: 16))".unicodeScalars) : [scalar]
            }))
}

/// As in the files.
func rejectsTimeText(_ nanoseconds: Int64) -> String {
    var buffer = RejectsBuffer(capacity: RejectsTime.length)
    var time = RejectsTime()
    time.append(nanoseconds, to: &buffer)
    return unsafe buffer.withBytes { unsafe String(decoding: $0, as: UTF8.self) }
}
