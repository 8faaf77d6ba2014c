package import Postgres

/// What a writer asks of one connection to the database: libpq's in production, a made-up server's
/// in the simulation. One thread uses it.
package protocol DatabaseSession: StatementSession, ~Copyable {
    /// Whether the connection is lost; only another one helps then.
    var isBroken: Bool { get }
    /// The role that the server knows this connection by.
    var role: String { get }
    /// Where it leads, without a password.
    var redacted: String { get }
    /// The server's process, another one for each connection.
    var serverProcess: Int32 { get }
    /// The server's version, for example 150014.
    var serverVersion: Int { get }
    /// Cuts the connection from any thread, without waiting.
    var sever: @Sendable () -> Void { get }

    /// Looks whether the server has hung up, without asking it anything.
    mutating func checkIdle() throws(PostgresError)
    /// Reads what the database has, with the rights of the role.
    mutating func catalog() throws(PostgresError) -> Catalog

    /// Opens a binary `COPY … FROM STDIN`.
    mutating func beginCopy(_ sql: String) throws(PostgresError)
    /// Sends bytes of the open COPY.
    mutating func putCopyData(_ bytes: UnsafeRawBufferPointer) throws(PostgresError)
    /// Ends the open COPY, and says how many rows the server took.
    mutating func finishCopy() throws(PostgresError) -> Int
    /// Makes the open COPY fail.
    mutating func abandonCopy(_ reason: String)
}

extension Connection: DatabaseSession {
    package var sever: @Sendable () -> Void {
        let interrupter = interrupter
        return { interrupter.sever() }
    }

    package mutating func catalog() throws(PostgresError) -> Catalog {
        try Catalog(&self)
    }
}
