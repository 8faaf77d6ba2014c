import LineProtocol

/// Writes the comment line in front of a refused line.
struct RejectsComment {
    /// What it says, apart from the time.
    struct Content {
        var source: UInt16
        var reason: RejectReason
        var receivedAt: Int64
        var precision: Precision
        /// Bytes of the line behind it.
        var byteCount: Int
        var sqlState: String?
        var table: String?
        var detail: String?
    }

    /// What stands in the place of a name that nobody knows.
    static let unknownSource = "unknown"

    private let sourceName: (UInt16) -> String?
    /// ` source="…"` by index; empty where nobody has asked yet.
    private var sources: [[UInt8]] = []
    /// ` reason=…` by index.
    private let reasons: [[UInt8]]
    /// ` precision=…` by index.
    private let precisions: [[UInt8]]
    private var time = RejectsTime()

    init(sourceName: @escaping (UInt16) -> String?) {
        self.sourceName = sourceName
        reasons = RejectReason.all.map { Array(" reason=\($0.name)".utf8) }
        precisions = Precision.allCases.map { Array(" precision=\($0.name)".utf8) }
    }

    /// Appends the whole line, its end included; never more than `RejectsLimits.commentBytesMax`.
    mutating func append(_ content: Content, at now: Int64, to buffer: inout RejectsBuffer) {
        buffer.append("# ")
        time.append(now, to: &buffer)
        appendSource(content.source, to: &buffer)
        buffer.append(reasons[Int(content.reason.rawValue)])
        if let sqlState = content.sqlState { append(sqlState: sqlState, to: &buffer) }
        if let table = content.table {
            buffer.append(" table=")
            buffer.append(
                escaped: table, bytesMax: RejectsLimits.nameBytesMax, quotes: false)
        }
        buffer.append(" received=")
        if content.receivedAt < 0 { buffer.append(UInt8(ascii: "-")) }
        buffer.append(decimal: content.receivedAt.magnitude)
        buffer.append(precisions[Int(content.precision.rawValue)])
        buffer.append(" bytes=")
        buffer.append(decimal: UInt64(content.byteCount))
        if let detail = content.detail {
            buffer.append(" detail=")
            buffer.append(quoted: detail, bytesMax: RejectsLimits.detailBytesMax)
        }
        buffer.append(UInt8(ascii: "\n"))
    }

    private mutating func appendSource(_ source: UInt16, to buffer: inout RejectsBuffer) {
        let index = Int(source)
        if index >= sources.count || sources[index].isEmpty { look(up: source) }
        buffer.append(sources[index])
    }

    @inline(never)
    private mutating func look(up source: UInt16) {
        while sources.count <= Int(source) { sources.append([]) }
        let name = sourceName(source).flatMap { $0.isEmpty ? nil : $0 } ?? Self.unknownSource
        var text = RejectsBuffer(capacity: RejectsLimits.commentBytesMax)
        text.append(" source=")
        text.append(quoted: name, bytesMax: RejectsLimits.nameBytesMax)
        sources[Int(source)] = unsafe text.withBytes { unsafe Array($0) }
    }

    /// Letters and digits, whatever a server sends.
    private func append(sqlState: String, to buffer: inout RejectsBuffer) {
        buffer.append(" sqlstate=")
        for byte in sqlState.utf8.prefix(5) {
            let letter = byte | 0x20
            let isPlain =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            buffer.append(isPlain ? byte : UInt8(ascii: "?"))
        }
    }
}
