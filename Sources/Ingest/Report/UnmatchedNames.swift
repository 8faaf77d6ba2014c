import LineProtocol
import Logging
import Threads

/// A measurement without a table, or a tag or field without a column.
package struct UnmatchedName: Hashable, Sendable {
    /// `nil` for a measurement.
    package let table: String?
    package let name: String
}

extension UnmatchedName {
    /// What stands for what was left out of a name.
    private static let ellipsis = "…"

    /// A name as it is kept and shown: senders that invent names of any length must not fill
    /// memory. Cut between two characters.
    static func text(_ name: ByteSlice) -> String {
        guard name.count > IngestLimits.nameBytesMax else { return name.text }
        var end = IngestLimits.nameBytesMax - ellipsis.utf8.count
        while end > 0, name[end] & 0xc0 == 0x80 { end -= 1 }
        return unsafe String(decoding: name.buffer.prefix(end), as: UTF8.self) + ellipsis
    }

    init(table: String?, name: ByteSlice) {
        self.init(table: table, name: Self.text(name))
    }
}

/// How often names were met that nothing takes. Different names are counted one by one up to
/// `LaneReport.unmatchedNamesMax`, further ones together.
struct UnmatchedCounts {
    private(set) var counts: [UnmatchedName: UInt64] = [:]
    private(set) var other: UInt64 = 0

    var isEmpty: Bool { counts.isEmpty && other == 0 }

    /// - Returns: whether the name is new and has a count of its own now.
    @discardableResult
    mutating func add(_ name: UnmatchedName, _ count: UInt64) -> Bool {
        if let before = counts[name] {
            counts[name] = before + count
            return false
        }
        guard counts.count < LaneReport.unmatchedNamesMax else {
            other += count
            return false
        }
        counts[name] = count
        return true
    }

    mutating func addOther(_ count: UInt64) { other += count }
}

/// The names that have been told, whatever lane met them first.
package final class ToldNames: Sendable {
    private let told = Lock<Set<UnmatchedName>>([])

    package init() {}

    /// - Returns: those of the names that were not told before; now they count as told.
    func takeNew(_ names: [UnmatchedName]) -> [UnmatchedName] {
        told.withLock { told in names.filter { told.insert($0).inserted } }
    }
}

/// What a commit met for the first time: one log entry for each table, and one for measurements.
struct UnmatchedNews {
    var names: [UnmatchedName] = []
    /// From now on, further names are counted together.
    var isFull = false

    /// Names that one entry lists.
    static let namesShownMax = 10

    func tell(_ logger: Logger) {
        let byTable = Dictionary(grouping: names, by: \.table)
        for (table, names) in byTable.sorted(by: { $0.key ?? "" < $1.key ?? "" }) {
            tell(names.map(\.name).sorted(), of: table, logger)
        }
        guard isFull else { return }
        logger.event(
            .unmatchedName, .warning,
            """
            more names than can be counted one by one match nothing: further ones are counted \
            together
            """,
            ["names": "\(LaneReport.unmatchedNamesMax)"])
    }

    private func tell(_ names: [String], of table: String?, _ logger: Logger) {
        let shown = names.prefix(Self.namesShownMax)
        let more = names.count - shown.count
        var list = shown.map { "\"\($0)\"" }.joined(separator: ", ")
        if more > 0 { list += " and \(more) more" }
        var fields: Logger.Metadata = [:]
        if more > 0 { fields["more"] = "\(more)" }
        let isOne = names.count == 1
        guard let table else {
            fields["measurements"] = .array(shown.map { "\($0)" })
            logger.event(
                .unmatchedName, .warning,
                """
                no table takes measurement\(isOne ? "" : "s") \(list); \
                \(isOne ? "its" : "their") lines are rejected
                """, fields)
            return
        }
        fields["table"] = "\(table)"
        fields["names"] = .array(shown.map { "\($0)" })
        logger.event(
            .unmatchedName, .warning,
            """
            table \(table) has no column\(isOne ? "" : "s") \(list); \
            \(isOne ? "its" : "their") values are not stored
            """, fields)
    }
}
