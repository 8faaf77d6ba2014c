import CLibPQ
import Glibc

/// Makes a connection step by step.
///
/// `PQconnectdb` would do it in one call, but then messages of the server go to standard error,
/// the SQLSTATE of a refused login is lost, and nobody can interrupt it.
enum Handshake {
    /// - Parameter isWanted: asked several times a second.
    static func connect(
        _ text: ConnectionText, notices: NoticeReceiver, isWanted: () -> Bool
    ) throws(PostgresError) -> OpaquePointer {
        guard let connection = unsafe start(text) else {
            throw PostgresError(origin: .connection, message: "out of memory")
        }
        unsafe notices.attach(to: connection)
        // The SQLSTATE of a failure stands nowhere but in the verbose text.
        unsafe PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        do {
            try unsafe finish(connection, text, isWanted)
        } catch {
            unsafe PQfinish(connection)
            throw error
        }
        unsafe PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        return unsafe connection
    }

    private static func start(_ text: ConnectionText) -> OpaquePointer? {
        // Later words beat earlier ones: what stands before `dbname` is only a fallback.
        let password = text.password.map { [("password", $0)] } ?? []
        let parameters: [(String, String)] =
            password + [
                ("fallback_application_name", "sluice"),
                ("keepalives_idle", String(Limits.keepaliveIdleSeconds)),
                ("keepalives_interval", String(Limits.keepaliveIntervalSeconds)),
                ("keepalives_count", String(Limits.keepaliveCount)),
                ("tcp_user_timeout", String(Limits.unacknowledgedMilliseconds)),
                ("dbname", text.text),
                ("client_encoding", "UTF8"),
            ]
        let keywords = CStrings(parameters.map { $0.0 })
        let values = CStrings(parameters.map { $0.1 })
        return unsafe keywords.withPointers { keywords in
            unsafe values.withPointers { values in
                unsafe PQconnectStartParams(keywords, values, 1)
            }
        }
    }

    private static func finish(
        _ connection: OpaquePointer, _ text: ConnectionText, _ isWanted: () -> Bool
    ) throws(PostgresError) {
        let deadline = ContinuousClock.now + patience(text)
        var step =
            unsafe PQstatus(connection) == CONNECTION_BAD
            ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while step != PGRES_POLLING_OK {
            if step == PGRES_POLLING_FAILED { throw unsafe failure(connection) }
            if unsafe isReady(PQsocket(connection), for: step) {
                step = unsafe PQconnectPoll(connection)
            }
            if step == PGRES_POLLING_OK { return }
            if !isWanted() {
                throw PostgresError(origin: .interrupted, message: "connecting was given up")
            }
            if ContinuousClock.now > deadline && step != PGRES_POLLING_FAILED {
                throw PostgresError(
                    origin: .connection,
                    message: "no answer from the server in time (\(text.redacted))")
            }
        }
    }

    /// How long all hosts together may take. libpq's own limit does not hold for connecting in steps.
    private static func patience(_ text: ConnectionText) -> Duration {
        let fromEnvironment = unsafe getenv("PGCONNECT_TIMEOUT").flatMap { value in
            unsafe Int(String(cString: value))
        }
        guard let seconds = text.connectTimeoutSeconds ?? fromEnvironment else {
            return text.connectTimeout * text.hostCount
        }
        // Zero means "for ever" to libpq; for us only a caller who gives up ends it then.
        return seconds <= 0 ? .seconds(1_000_000_000) : .seconds(seconds * text.hostCount)
    }

    /// Waits a moment for the socket. It may be another one each time: hosts are tried in turn.
    private static func isReady(_ socket: Int32, for step: PostgresPollingStatusType) -> Bool {
        var repeats = Limits.connectionRequestRepeats
        // Else a host that swallows packets keeps the others waiting for two minutes.
        unsafe setsockopt(
            socket, Int32(IPPROTO_TCP), TCP_SYNCNT, &repeats, socklen_t(MemoryLayout<Int32>.size))
        let events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT
        var waiting = pollfd(fd: socket, events: Int16(events), revents: 0)
        return unsafe poll(&waiting, 1, Limits.connectPollMilliseconds) > 0
    }

    /// The last refusal, with its SQLSTATE where the server gave one.
    private static func failure(_ connection: OpaquePointer) -> PostgresError {
        let text = unsafe String(cString: PQerrorMessage(connection))
        return refusal(text)
    }

    /// Reads libpq's verbose text: `… failed: FATAL:  28P01: message`, then a line on the place in
    /// the server's source.
    static func refusal(_ text: String) -> PostgresError {
        var lines = text.split(separator: "\n").map(String.init)
        lines.removeAll { $0.hasPrefix("LOCATION:") }
        var sqlState: String?
        for (index, line) in lines.enumerated() {
            guard let range = sqlStateRange(line) else { continue }
            sqlState = String(line[range])
            let end = line.index(range.upperBound, offsetBy: 2)
            lines[index].removeSubrange(range.lowerBound..<end)
        }
        return PostgresError(
            origin: sqlState == nil ? .connection : .server, sqlState: sqlState,
            message: oneLine(libpq: lines.joined(separator: "\n")))
    }

    /// Finds `:  28P01: ` in a line.
    private static func sqlStateRange(_ line: String) -> Range<String.Index>? {
        guard let mark = line.firstRange(of: ":  ") else { return nil }
        let rest = line[mark.upperBound...]
        let code = rest.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber) }
        guard code.count == 5, rest.dropFirst(5).hasPrefix(": ") else { return nil }
        return code.startIndex..<code.endIndex
    }
}
