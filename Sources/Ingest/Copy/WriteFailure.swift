import Postgres

/// Why a batch is not in the database yet.
enum WriteFailure: Error {
    case database(PostgresError)
    /// The COMMIT was sent and no answer came: it may have happened.
    case doubt(PostgresError)
    /// A table that the batch needs cannot be used as it is.
    case tableProblem(TableTarget.Problems)
    /// The ring does not know the position that the database gives.
    case ring(String)
    /// Somebody else moved the ring's row in `sluice_progress`.
    case progressMoved
    /// The connection was cut because the server had not answered for so long.
    case noAnswer(Duration)
    /// A table is not what it was when the rows were encoded.
    case tableChanged
    /// A file is not as far in the database as it was when the batch began.
    case fileMoved

    /// What to do about it.
    var remedy: Remedy {
        switch self {
        case .database(let error), .doubt(let error):
            Remedy(error)
        case .tableProblem, .ring, .progressMoved: .hold
        case .noAnswer: .retry
        case .tableChanged, .fileMoved: .reloadCatalog
        }
    }

    /// What happened, on one line.
    var text: String {
        switch self {
        case .database(let error), .doubt(let error):
            ([error.description] + [error.advice].compactMap { $0 }).joined(separator: "; ")
        case .tableProblem(let problems): "table \(problems.table): \(problems.description)"
        case .ring(let text): text
        case .progressMoved:
            "another writer has moved this ring's row in \(Destinations.progressTable);"
                + " stop it, or give each daemon a ring of its own"
        case .noAnswer(let time):
            "no answer from the database for \(time.fieldText), so the connection was given up; see what"
                + " holds the server up, or raise database.answer_timeout"
        case .tableChanged: "a table keeps changing while rows are written to it"
        case .fileMoved:
            "another program loads the same files; let one of them end, and the other goes on"
        }
    }

    /// The text without what is another at each try, though nothing has changed: where the head of
    /// the ring is, and which line of a COPY met the trouble.
    var reason: String {
        switch self {
        case .ring(let text): text.filter { !$0.isNumber }
        case .database(let error), .doubt(let error):
            error.copyLine.map { text.replacing(", line \($0)", with: "") } ?? text
        case .tableProblem, .progressMoved, .noAnswer, .tableChanged, .fileMoved: text
        }
    }

    /// Whether less at a time may help.
    var isOfTooMuch: Bool {
        if case .noAnswer = self { return true }
        return sqlState == "53200"
    }

    /// The table that it is about, where that is known.
    var table: String? {
        switch self {
        case .tableProblem(let problems): problems.tableName
        case .database(let error), .doubt(let error): error.table
        case .ring, .progressMoved, .noAnswer, .tableChanged, .fileMoved: nil
        }
    }

    var sqlState: String? {
        switch self {
        case .database(let error), .doubt(let error): error.sqlState
        case .tableProblem, .ring, .progressMoved, .noAnswer, .tableChanged, .fileMoved: nil
        }
    }
}
