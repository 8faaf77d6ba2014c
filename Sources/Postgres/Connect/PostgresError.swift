import CLibPQ

/// Why something that was asked of the database did not happen.
package struct PostgresError: Error, Equatable, Sendable {
    /// Who says so.
    package enum Origin: Equatable, Sendable {
        /// The connection string cannot be used; trying again will not help.
        case conninfo
        /// libpq: no connection, or it was lost.
        case connection
        /// The caller gave the attempt up.
        case interrupted
        /// The server.
        case server
    }

    /// Who says so.
    package var origin: Origin
    /// The five characters, when the server gave them.
    package var sqlState: String?
    /// `ERROR`, `FATAL` …, never translated.
    package var severity: String?
    /// What happened.
    package var message: String
    /// More about it; may hold values of the row.
    package var detail: String?
    /// What the server advises.
    package var hint: String?
    /// Where it happened, several lines at times.
    package var context: String?
    /// The schema of the table.
    package var schema: String?
    /// The table; for a hypertable often one of its chunks.
    package var table: String?
    /// The column.
    package var column: String?
    /// The constraint; for a hypertable often a chunk's, with a number before its name.
    package var constraint: String?
    /// The row of a COPY, counted from 1 in what was sent since `beginCopy`. Only a hint: some errors
    /// carry none, and a trigger's or a deferred constraint's never do.
    package var copyLine: Int?
    /// The column that COPY was reading.
    package var copyColumn: String?

    init(origin: Origin, sqlState: String? = nil, message: String) {
        self.origin = origin
        self.sqlState = sqlState
        self.message = message
    }

    /// An error as the server would report it, for those who test what follows from one.
    package init(sqlState: String, message: String, context: String? = nil) {
        self.init(origin: .server, sqlState: sqlState, message: message)
        self.context = context
        readCopyPlace()
    }

    /// Something about how to connect that the caller cannot use.
    package init(configurationMessage message: String) {
        self.init(origin: .conninfo, message: message)
    }

    static func conninfo(_ message: String) -> PostgresError {
        PostgresError(origin: .conninfo, message: message)
    }

    /// Takes every field out of a failed result.
    init(result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            let code = Int32(code.asciiValue!)
            return unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
        }
        let sqlState = field("C")
        // Without a primary message libpq made the result itself, from what it knows.
        let message =
            unsafe field("M") ?? oneLine(libpq: String(cString: PQresultErrorMessage(result)))
        self.init(
            origin: sqlState == nil ? .connection : .server, sqlState: sqlState, message: message)
        severity = field("V") ?? field("S")
        detail = field("D")
        hint = field("H")
        context = field("W")
        schema = field("s")
        table = field("t")
        column = field("c")
        constraint = field("n")
        readCopyPlace()
    }

    private mutating func readCopyPlace() {
        guard let place = context.flatMap({ CopyPlace(context: $0) }) else { return }
        copyLine = place.line
        copyColumn = place.column
    }
}

extension PostgresError: CustomStringConvertible {
    /// One line: what happened, the SQLSTATE, where. No detail, because that holds data.
    package var description: String {
        var notes: [String] = []
        if let sqlState { notes.append("SQLSTATE \(sqlState)") }
        if let constraint { notes.append("constraint \(constraint)") }
        if let place = context?.split(separator: "\n").last(where: { $0.hasPrefix("COPY ") }) {
            notes.append(oneLine(String(place.prefix(Self.placeLengthMax))))
        } else if let table {
            notes.append("table \(table)" + (column.map { ", column \($0)" } ?? ""))
        }
        let text = oneLine(message)
        return notes.isEmpty ? text : "\(text) (\(notes.joined(separator: "; ")))"
    }

    /// The same with the server's detail and hint, for a person who looks into one error.
    package var explanation: String {
        var text = description
        if let detail { text += "; " + oneLine(detail) }
        if let hint { text += "; hint: " + oneLine(hint) }
        return text
    }

    /// What the server advises, on one line.
    package var shownHint: String? { hint.map { oneLine($0) } }

    /// Characters of the COPY context that are shown: it may quote the whole row.
    private static let placeLengthMax = 160
}

/// Where in a COPY the server met an error, read from the error's context.
struct CopyPlace: Equatable {
    let line: Int
    let column: String?

    /// Looks for `COPY table, line 5, column name`; the words between are translated by the server.
    ///
    /// A table may be named like a place. When two places can be read, none is: the caller then
    /// finds the row by bisection instead of blaming the wrong one.
    init?(context: String) {
        let candidates = context.split(separator: "\n").filter { $0.hasPrefix("COPY ") }
        guard let text = candidates.last else { return nil }
        let parts = text.components(separatedBy: ", ")
        var found: (index: Int, line: Int)?
        for (index, part) in parts.enumerated().dropFirst() {
            guard let line = Self.number(ofPart: part) else { continue }
            if found != nil { return nil }
            found = (index, line)
        }
        guard let found else { return nil }
        line = found.line
        column = Self.name(ofParts: parts.dropFirst(found.index + 1))
    }

    /// The number in `line 5` or `line 5: "text"`; nil for every other part.
    private static func number(ofPart part: Substring) -> Int? {
        let words = part.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].allSatisfy({ $0.isLetter }) else { return nil }
        return Int(words[1].prefix { $0 != ":" })
    }

    /// The name in `column name` or `column name: "text"`.
    private static func name(ofParts parts: ArraySlice<Substring>) -> String? {
        guard let words = parts.first?.split(separator: " ", maxSplits: 1), words.count == 2 else {
            return nil
        }
        return String(words[1].prefix { $0 != ":" })
    }
}

extension Substring {
    /// The pieces between the separators, empty ones included.
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
