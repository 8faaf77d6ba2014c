import Postgres

extension PostgresError {
    /// What a person can do about it, where that follows from the SQLSTATE
    /// (PostgreSQL's manual, appendix A); nil where the message itself has to do.
    var advice: String? {
        switch sqlState {
        case "28P01", "28000":
            "check pg_hba.conf, and the password in the systemd credential db-password or .pgpass"
        case "3D000": "create the database or correct database.conninfo"
        case "42501": "GRANT the right to the role that Sluice connects as"
        case "42P01", "42703": "apply the files in schema/, or correct the table"
        case "25006": "the server takes no writes; let database.conninfo name the primary"
        case "53300": "raise max_connections, or see who holds the connections"
        case "53100": "make room on the server's disk"
        case "53400": shownHint ?? "raise the limit that the message names, on the server"
        case "P0001":
            "a trigger or function of the table raises this: correct or drop it, or let it raise"
                + " SQLSTATE 23514 to refuse single rows"
        case "55P03": "another session holds a lock; pg_locks tells which"
        default: nil
        }
    }
}
