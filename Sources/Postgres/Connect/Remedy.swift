/// What to do with a batch that the database refused; decided once, here, from the SQLSTATE.
package enum Remedy: Equatable, Sendable {
    /// Keep the batch, back off with jitter, connect again if need be, try again, for ever.
    case retry
    /// Find the rows at fault, reject them with the reason, commit the rest.
    case rejectRows
    /// The table is not what the catalog said. Read the catalog and encode again; when it has not
    /// changed, or the error comes back at once, treat it as `rejectRows`.
    case reloadCatalog
    /// A person must look: keep everything, say what to do, try again slowly, never drop.
    case hold

    package init(_ error: PostgresError) {
        switch error.origin {
        case .conninfo: self = .hold
        case .connection, .interrupted, .server:
            self.init(sqlState: error.sqlState)
        }
    }

    /// - Parameter sqlState: nil when there was no answer.
    package init(sqlState: String?) {
        guard let sqlState else {
            self = .retry
            return
        }
        switch sqlState {
        case "22P03", "22P04", "08P01": self = .reloadCatalog  // Our bytes are not its columns.
        case "21000": self = .rejectRows  // Two rows of one statement have the same key.
        case "54000": self = .rejectRows  // The row is too large, for its table or an index.
        case "2200H": self = .hold  // A sequence is used up, whatever the row is.
        case "53400": self = .hold  // A configured limit: only a person can raise it.
        case "55P03": self = .retry  // Somebody holds the lock for the moment.
        case _ where sqlState.hasPrefix("57P0"): self = .retry  // Shutdown, start-up, crash.
        default: self.init(sqlStateClass: sqlState.prefix(2))
        }
    }

    private init(sqlStateClass: Substring) {
        switch sqlStateClass {
        case "08", "40", "53": self = .retry  // Connection, rollback, resources.
        case "22", "23": self = .rejectRows  // Data exception, constraint violation.
        default: self = .hold
        }
    }
}
