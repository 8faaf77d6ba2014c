import CLibPQ
import Glibc

/// One connection to the database, used by the thread that made it and by no other.
@safe
package struct Connection: ~Copyable {
    /// Where a transaction stands.
    package enum TransactionStatus: Equatable, Sendable {
        case idle, active, inTransaction, failed, unknown
    }

    private let connection: OpaquePointer
    private let notices: NoticeReceiver
    private let owner: pthread_t
    private var isLost = false
    /// `host=… port=… dbname=… user=…`; never a password.
    package let redacted: String
    /// Ends a blocked call from another thread.
    package let interrupter: Interrupter

    /// Connects, or throws within the time limit of the connection string (10 s for each host when
    /// it has none).
    ///
    /// - Parameters:
    ///   - onNotice: takes the server's notices and warnings, on this thread, while a call runs.
    ///   - isWanted: asked several times a second; false ends the attempt.
    package init(
        _ text: ConnectionText, onNotice: @escaping (PostgresError) -> Void = { _ in },
        isWanted: () -> Bool = { true }
    ) throws(PostgresError) {
        let notices = NoticeReceiver(onNotice)
        let connection = try unsafe Handshake.connect(text, notices: notices, isWanted: isWanted)
        unsafe self.connection = connection
        self.notices = notices
        owner = pthread_self()
        redacted = text.redacted
        unsafe interrupter = Interrupter(connection)
        unsafe SendBuffer.enlarge(PQsocket(connection))
    }

    /// The same from a connection string: `keyword=value …` or a URI.
    package init(
        conninfo: String, onNotice: @escaping (PostgresError) -> Void = { _ in },
        isWanted: () -> Bool = { true }
    ) throws(PostgresError) {
        try self.init(ConnectionText(conninfo), onNotice: onNotice, isWanted: isWanted)
    }

    deinit {
        unsafe PQfinish(connection)
        // Somebody may still hold the interrupter and with it the socket.
        interrupter.sever()
    }

    private borrowing func checkThread() {
        precondition(pthread_equal(owner, pthread_self()) != 0, "a connection has one thread")
    }

    /// Whether the connection is lost; only a new one helps then.
    ///
    /// libpq alone does not know: when a statement could not be sent but the server's farewell could
    /// still be read, its own status stays good.
    package var isBroken: Bool {
        unsafe isLost || PQstatus(connection) == CONNECTION_BAD
    }

    /// Looks whether the server has hung up, without asking it anything. For a connection that is
    /// idle: what the server says then, it says because it goes.
    package mutating func checkIdle() throws(PostgresError) {
        checkThread()
        var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        // A farewell comes before the end: the first look takes the one, the next meets the other.
        while unsafe poll(&waiting, 1, 0) > 0 {
            guard unsafe PQconsumeInput(connection) == 1, !isBroken else { throw lastError() }
        }
    }

    /// The role that the server knows this connection by.
    package var role: String { unsafe String(cString: PQuser(connection)) }

    /// The socket, or -1 when there is none any more.
    package var socket: Int32 { unsafe PQsocket(connection) }

    /// The server's process, as `pg_stat_activity` names it.
    package var serverProcess: Int32 { unsafe PQbackendPID(connection) }

    /// The server's version, for example 150014.
    package var serverVersion: Int { unsafe Int(PQserverVersion(connection)) }

    /// Where the transaction stands; `unknown` when the connection is lost.
    package var transactionStatus: TransactionStatus {
        switch unsafe PQtransactionStatus(connection) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// What the server says about one of its settings, for those that it reports by itself.
    package func parameter(_ name: String) -> String? {
        checkThread()
        return unsafe PQparameterStatus(connection, name).map { unsafe String(cString: $0) }
    }

    /// Runs one or several statements without looking at rows.
    ///
    /// - Returns: the number of rows that the last one touched.
    @discardableResult
    package mutating func execute(_ sql: String) throws(PostgresError) -> Int {
        checkThread()
        let isSent = unsafe PQsendQuery(connection, sql) == 1
        return try results(isSent).affectedRows
    }

    /// Runs one statement; `$1` … stand for the parameters, and every value is text.
    package mutating func query(
        _ sql: String, _ parameters: [String?] = []
    ) throws(PostgresError) -> [[String?]] {
        checkThread()
        let values = CStrings(parameters)
        let count = Int32(parameters.count)
        let isSent = unsafe values.withPointers { pointers in
            unsafe PQsendQueryParams(connection, sql, count, nil, pointers, nil, nil, 0) == 1
        }
        return try results(isSent).rows
    }

    /// Opens a `COPY … FROM STDIN`. Then feed it at once and finish it: an open COPY that waits for
    /// input holds locks that the server cannot see through.
    package mutating func beginCopy(_ sql: String) throws(PostgresError) {
        checkThread()
        guard unsafe PQsendQuery(connection, sql) == 1 else { throw lastError() }
        guard let result = unsafe PQgetResult(connection) else { throw lastError() }
        defer { unsafe PQclear(result) }
        let status = unsafe PQresultStatus(result)
        if status == PGRES_COPY_IN { return }
        precondition(status == PGRES_FATAL_ERROR, "beginCopy takes a COPY FROM STDIN statement")
        let error = unsafe failure(result)
        _ = try? drain()
        throw error
    }

    /// Sends bytes of the open COPY; blocks while the server does not take them.
    ///
    /// An error in the data is told by `finishCopy` only; this one throws for a lost connection.
    package mutating func putCopyData(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        checkThread()
        var offset = 0
        while offset < bytes.count {
            let size = min(bytes.count - offset, Limits.copyPieceSize)
            let piece = unsafe (bytes.baseAddress! + offset).assumingMemoryBound(to: CChar.self)
            guard unsafe PQputCopyData(connection, piece, Int32(size)) == 1 else {
                throw copyFailure()
            }
            offset += size
        }
    }

    /// Ends the open COPY and waits for the server's verdict.
    ///
    /// - Returns: how many rows the server took.
    package mutating func finishCopy() throws(PostgresError) -> Int {
        checkThread()
        guard unsafe PQputCopyEnd(connection, nil) == 1 else { throw copyFailure() }
        return try drain().affectedRows
    }

    /// Makes the open COPY fail, so that nothing of it is kept; a lost connection is not told here,
    /// the next call meets it. Inside a transaction, roll back afterwards.
    package mutating func abandonCopy(_ reason: String) {
        checkThread()
        if unsafe PQputCopyEnd(connection, reason) == 1 { _ = try? drain() }
    }

    // MARK: - Results

    private struct Outcome {
        var affectedRows = 0
        var rows: [[String?]] = []
    }

    private mutating func results(_ isSent: Bool) throws(PostgresError) -> Outcome {
        guard isSent else { throw lastError() }
        return try drain()
    }

    /// Why the COPY cannot go on: what the server said before it went away, else what libpq knows.
    private mutating func copyFailure() -> PostgresError {
        let own = lastError()
        do {
            _ = try drain()
        } catch {
            return error.sqlState == nil ? own : error
        }
        return own
    }

    /// Takes every result, so that the connection is free again, and throws the first error: those
    /// after it only follow from it.
    private mutating func drain() throws(PostgresError) -> Outcome {
        var firstError: PostgresError?
        var outcome = Outcome()
        while let result = unsafe PQgetResult(connection) {
            defer { unsafe PQclear(result) }
            switch unsafe PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                unsafe outcome.affectedRows = Int(String(cString: PQcmdTuples(result))) ?? 0
            case PGRES_TUPLES_OK:
                unsafe outcome.rows = Self.rows(of: result)
                outcome.affectedRows = outcome.rows.count
            case PGRES_COPY_IN:
                // `execute` was given a COPY; leave the state, else this loop would never end.
                unsafe PQputCopyEnd(connection, "not expected here")
            case PGRES_COPY_OUT, PGRES_COPY_BOTH:
                preconditionFailure("COPY TO is not for this connection")
            default:
                let error = unsafe failure(result)
                if firstError == nil { firstError = error }
            }
            if isBroken { break }
        }
        if let firstError { throw firstError }
        if isBroken { throw lastError() }
        return outcome
    }

    /// The error in a result; after some of them there is no connection any more.
    private mutating func failure(_ result: OpaquePointer) -> PostgresError {
        let error = unsafe PostgresError(result: result)
        if error.origin == .connection || error.severity == "FATAL" { isLost = true }
        return error
    }

    private static func rows(of result: OpaquePointer) -> [[String?]] {
        let columns = unsafe PQnfields(result)
        return unsafe (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                if unsafe PQgetisnull(result, row, column) == 1 { return nil }
                let count = unsafe Int(PQgetlength(result, row, column))
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: PQgetvalue(result, row, column), count: count)
                return unsafe String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    /// What libpq says when there is no result to ask; then the connection is lost.
    private mutating func lastError() -> PostgresError {
        isLost = true
        let text = oneLine(libpq: unsafe String(cString: PQerrorMessage(connection)))
        return PostgresError(
            origin: .connection, message: text.isEmpty ? "the connection is lost" : text)
    }
}
