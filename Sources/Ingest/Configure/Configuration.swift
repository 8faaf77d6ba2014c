package import LineProtocol
package import Logging

/// Everything that an operator may set, checked and with its defaults filled in.
///
/// Only `parse` and `load` make one, so whoever holds a configuration holds a valid one.
package struct Configuration: Sendable, Equatable {
    package var database: Database
    package var ring: Ring
    package var batch: Batch
    /// A configuration with neither `[[udp]]` nor `[[files]]` has the default listener.
    package var listeners: [Listener]
    package var files: [Files]
    package var tables: [Table]
    package var rejects: Rejects
    package var status: Status
    package var log: Log
}

extension Configuration {
    /// How PostgreSQL is reached.
    package struct Database: Sendable, Equatable {
        /// A libpq connection string or URI; never with a password. Empty means libpq's own
        /// defaults and the `PG*` variables of the environment.
        package var connectionText: String
        package var connectTimeout: Duration
        /// How long one call to the database may take; zero means for ever.
        package var answerTimeout: Duration
        package var retryMin: Duration
        package var retryMax: Duration
        /// The systemd credential `db-password`, when the unit has one. See `readPassword()`.
        package var passwordFile: String?
    }

    /// The buffer between the sensors and the database.
    package struct Ring: Sendable, Equatable {
        package var directory: String
        /// Bytes, for each lane.
        package var size: Int
        package var overflow: Overflow
        /// How often it is flushed to disk; zero leaves that to the kernel.
        package var sync: Duration
        package var lanes: Int
    }

    /// What happens to readings when the ring is full.
    package enum Overflow: String, Sendable, CaseIterable {
        case dropNewest = "drop-newest"
        case dropOldest = "drop-oldest"
    }

    /// How much goes into one transaction.
    package struct Batch: Sendable, Equatable {
        package var rows: Int
        /// Bytes of line protocol.
        package var bytes: Int
        /// The shortest time from one batch's start to the next one's; zero means at once.
        package var interval: Duration
        /// How long a stop may go on writing what the ring holds.
        package var drain: Duration
    }

    /// One UDP socket.
    package struct Listener: Sendable, Equatable {
        /// Port 0 lets the kernel pick one.
        package var listen: Endpoint
        /// Whether the configuration says so; else it is the default.
        package var isListenGiven: Bool
        /// Unique among the listeners; what logs and counters call this one.
        package var name: String
        /// The unit of the timestamps that arrive here.
        package var precision: Precision
        /// Bytes to ask the kernel for.
        package var receiveBuffer: Int
        /// Bytes of the largest datagram that is taken.
        package var datagramMax: Int
        /// How far a line's own time may lie after its reception; zero means no limit.
        package var aheadMax: Duration
        /// How far a line's own time may lie before its reception; zero means no limit.
        package var ageMax: Duration
        /// Who may send; empty means everyone.
        package var allow: [Network]
    }

    /// Where measurements go, when their own name is not enough.
    package struct Table: Sendable, Equatable {
        package var name: TableName
        /// Never empty, and no measurement stands in two tables.
        package var measurements: [String]
        /// `nil` means: found in the catalog.
        package var timeColumn: String?
        /// Only these take tags and fields; `nil` means every column by its name.
        package var columns: [String]?
        package var duplicates: Duplicates
    }

    /// What happens to a row whose key is in the table already.
    package enum Duplicates: String, Sendable, CaseIterable {
        /// The line is rejected, with the reason.
        case error
        /// The row is dropped: the first one wins.
        case ignore
        /// The row takes the place of the other: the last one wins.
        case replace
    }

    /// Where refused lines are kept.
    package struct Rejects: Sendable, Equatable {
        package var directory: String
        /// Bytes of all files together; 0 keeps nothing.
        package var size: Int
        /// Bytes after which a file gets no more lines.
        package var fileSize: Int
        /// The age after which a file gets no more lines.
        package var fileAge: Duration
    }

    package struct Status: Sendable, Equatable {
        /// Between two summary lines.
        package var interval: Duration
    }

    package struct Log: Sendable, Equatable {
        package var level: Logger.Level
        package var format: LogFormat
    }

    package enum LogFormat: String, Sendable, CaseIterable {
        /// The journal when standard error is connected to it, else text.
        case auto
        case journal
        case text
    }
}
