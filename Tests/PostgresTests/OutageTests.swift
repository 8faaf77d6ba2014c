import Glibc
import Postgres
import TestSupport
import Testing

/// Runs `body` on a thread of its own, and gives what waits for its end.
private func onThread(_ body: @escaping @Sendable () -> Void) -> () -> Void {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    let status = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, box)
    precondition(status == 0)
    return { pthread_join(thread, nil) }
}

@Suite struct OutageTests {
    @Test func `a blocked statement is ended from another thread`() throws {
        let conninfo = try freshDatabase()
        var connection = try Connection(conninfo: conninfo)
        let interrupter = connection.interrupter
        let process = connection.serverProcess
        let join = onThread {
            guard waitUntilSleeping(process, conninfo) else { return }
            interrupter.cancel()
        }
        let error = try #require(throws: PostgresError.self) {
            try connection.execute("select pg_sleep(3600)")
        }
        join()
        #expect(error.sqlState == "57014")
        #expect(try connection.query("select 1") == [["1"]])
    }

    @Test func `a severed connection ends its call at once and is broken`() throws {
        let conninfo = try freshDatabase()
        var connection = try Connection(conninfo: conninfo)
        let interrupter = connection.interrupter
        let process = connection.serverProcess
        let join = onThread {
            guard waitUntilSleeping(process, conninfo) else { return }
            interrupter.sever()
        }
        let error = try #require(throws: PostgresError.self) {
            try connection.execute("select pg_sleep(3600)")
        }
        join()
        #expect(error.origin == .connection)
        #expect(Remedy(error) == .retry)
        let isBroken = connection.isBroken
        #expect(isBroken)
    }

    @Test func `a session that the server ends tells the server's reason`() throws {
        let conninfo = try freshDatabase()
        var connection = try Connection(conninfo: conninfo)
        var other = try Connection(conninfo: conninfo)
        try connection.execute("create table t (a bigint)")
        try connection.beginCopy("copy t from stdin (format binary)")
        try connection.putCopyHeader()
        _ = try other.query(
            "select pg_terminate_backend(\(connection.serverProcess), 60000)")
        let error = try #require(throws: PostgresError.self) {
            // Enough to meet the closed socket, whatever buffers lie between.
            let bytes = [UInt8](repeating: 0, count: 1 << 20)
            for _ in 0..<64 {
                try bytes.withUnsafeBytes { try connection.putCopyData($0) }
            }
            _ = try connection.finishCopy()
        }
        #expect(error.sqlState == "57P01" || error.origin == .connection)
        #expect(Remedy(error) == .retry)
        let isBroken = connection.isBroken
        #expect(isBroken)
        #expect(throws: PostgresError.self) { try connection.execute("select 1") }
    }

    @Test func `an idle connection that the server ended is noticed by a look at it`() throws {
        let conninfo = try freshDatabase()
        var connection = try Connection(conninfo: conninfo)
        try connection.checkIdle()
        var other = try Connection(conninfo: conninfo)
        _ = try other.query("select pg_terminate_backend(\(connection.serverProcess), 60000)")
        let error = try #require(throws: PostgresError.self) { try connection.checkIdle() }
        #expect(Remedy(error) == .retry)
        let isBroken = connection.isBroken
        #expect(isBroken)
    }

    @Test(arguments: [PrivatePostgres.StopMode.fast, .immediate])
    func `a server that stops and starts again is an outage to be waited for`(
        _ mode: PrivatePostgres.StopMode
    ) throws {
        let server = try PrivatePostgres()
        let conninfo = server.conninfo(database: try server.makeDatabase())
        var connection = try Connection(conninfo: conninfo)
        try server.stop(mode)
        let lost = try #require(throws: PostgresError.self) { try connection.execute("select 1") }
        #expect(Remedy(lost) == .retry, "\(lost)")
        let isBroken = connection.isBroken
        #expect(isBroken)
        let refused = try #require(throws: PostgresError.self) {
            _ = try Connection(conninfo: conninfo)
        }
        #expect(refused.origin == .connection)
        #expect(Remedy(refused) == .retry)
        try server.start()
        var again = try Connection(conninfo: conninfo)
        #expect(try again.query("select 1") == [["1"]])
    }

    @Test func `a refused login has its SQLSTATE, so that it is told from an outage`() throws {
        let server = try PrivatePostgres.shared()
        let missing = try #require(throws: PostgresError.self) {
            _ = try Connection(conninfo: server.conninfo(database: "missing"))
        }
        #expect(missing.sqlState == "3D000" && missing.origin == .server)
        #expect(missing.message.contains(#"database "missing" does not exist"#))
        #expect(!missing.message.contains("LOCATION") && !missing.message.contains("3D000"))
        #expect(Remedy(missing) == .hold)
        let stranger = try #require(throws: PostgresError.self) {
            _ = try Connection(conninfo: server.conninfo(database: "postgres", user: "stranger"))
        }
        #expect(stranger.sqlState == "28000")
    }

    @Test func `a host that never answers is given up in time, or when nobody wants it any more`()
        throws
    {
        // A listening socket that nobody accepts from.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(listener, pointer, size)
                _ = listen(listener, 1)
                _ = getsockname(listener, pointer, &size)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        let conninfo = "host=127.0.0.1 port=\(port) user=u dbname=d"
        let late = try #require(throws: PostgresError.self) {
            _ = try Connection(conninfo: conninfo + " connect_timeout=1")
        }
        #expect(late.origin == .connection && Remedy(late) == .retry)
        var questions = 0
        let unwanted = try #require(throws: PostgresError.self) {
            _ = try Connection(
                conninfo: conninfo + " connect_timeout=0",
                isWanted: {
                    questions += 1
                    return questions < 2
                })
        }
        #expect(unwanted.origin == .interrupted)
    }
}

/// Waits until the session sleeps in `pg_sleep`.
private func waitUntilSleeping(_ process: Int32, _ conninfo: String) -> Bool {
    guard var connection = try? Connection(conninfo: conninfo) else { return false }
    let question = "select wait_event from pg_stat_activity where pid = \(process)"
    while let rows = try? connection.query(question) {
        if rows == [["PgSleep"]] { return true }
        usleep(1000)
    }
    return false
}
