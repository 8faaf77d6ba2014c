import Glibc

/// A PostgreSQL server of the tests' own, in a temporary folder, reached by a Unix socket only.
///
/// It is gone when the process is, however that ends: a guard process waits at the other end of a
/// pipe, and when the pipe closes it stops the server and removes the folder.
package final class PrivatePostgres: Sendable {
    package enum StopMode: String, Sendable {
        /// Sessions are cut, data is written out.
        case fast
        /// As in a crash.
        case immediate
    }

    /// Where the server's data, log and socket are.
    package let folder: String
    /// Whether TimescaleDB is loaded; a database still needs `CREATE EXTENSION timescaledb`.
    package let hasTimescale: Bool
    private let installation: PostgresInstallation
    private let guardPipe: Int32
    private let guardProcess: pid_t

    /// The one server that most tests share, started by the first who asks.
    package static func shared() throws -> PrivatePostgres { try sharedServer.get() }

    private static let sharedServer = Result { try PrivatePostgres() }

    /// Makes a new cluster and starts it.
    ///
    /// - Parameter settings: lines for `postgresql.conf`; they beat our own.
    package init(settings: [String] = []) throws {
        installation = try PostgresInstallation()
        hasTimescale = installation.hasTimescale
        folder = try installation.makeFolder()
        (guardProcess, guardPipe) = try Self.startGuard(installation, folder)
        atExit.append(guardProcess, guardPipe)
        try installation.run(
            "initdb", "--pgdata", folder + "/data", "--username", "postgres", "--auth", "trust",
            "--no-locale", "--encoding", "UTF8", "--no-sync", "--no-instructions")
        try appendSettings(settings)
        try start()
    }

    deinit { atExit.end(guardProcess, guardPipe) }

    /// Starts the server again, and waits until it answers.
    package func start() throws {
        try installation.run(
            "pg_ctl", "start", "--wait", "--pgdata", folder + "/data", "--log", folder + "/log")
    }

    /// Stops the server, and waits until it is gone.
    package func stop(_ mode: StopMode) throws {
        try installation.run(
            "pg_ctl", "stop", "--wait", "--pgdata", folder + "/data", "--mode", mode.rawValue)
    }

    /// Makes an empty database with a name of its own.
    package func makeDatabase() throws -> String {
        let name = "test_\(getpid())_\(databaseNumber.next())"
        // template1 may be visited by TimescaleDB's launcher at this moment; template0 never is.
        try psql("create database \(name) template template0")
        return name
    }

    /// A connection string for libpq.
    package func conninfo(database: String, user: String = "postgres") -> String {
        "host=\(folder) port=5432 dbname=\(database) user=\(user)"
    }

    /// Runs SQL and gives what it prints, without decoration: a line for a row, `|` between columns.
    @discardableResult
    package func psql(_ sql: String, database: String = "postgres") throws -> String {
        let arguments = [
            installation.path("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
            "--set", "ON_ERROR_STOP=1", "--dbname", conninfo(database: database), "--file", "-",
        ]
        return try Command.succeed(arguments, input: sql)
    }

    /// What the server has logged so far.
    package func log() throws -> String {
        try Command.succeed(["cat", folder + "/log"])
    }

    private func appendSettings(_ settings: [String]) throws {
        var lines = [
            "listen_addresses = ''", "unix_socket_directories = '\(folder)'", "port = 5432",
            "fsync = off", "full_page_writes = off", "synchronous_commit = off",
            "shared_buffers = '64MB'", "max_connections = 60", "timezone = 'UTC'",
        ]
        if hasTimescale {
            lines += [
                "shared_preload_libraries = 'timescaledb'", "timescaledb.telemetry_level = off",
            ]
        }
        let text = (lines + settings).joined(separator: "\n") + "\n"
        try installation.runShell("cat >> \"$0\"", folder + "/data/postgresql.conf", input: text)
    }

    /// Starts the process that outlives us long enough to clean up.
    private static func startGuard(
        _ installation: PostgresInstallation, _ folder: String
    ) throws -> (pid_t, Int32) {
        let pipe = try Pipe()
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(pipe.reader)
            close(null)
        }
        let script = """
            cat > /dev/null
            "$0" stop --mode immediate --pgdata "$1/data"
            rm -rf "$1"
            """
        let process = try Command.spawn(
            installation.prefix + ["sh", "-c", script, installation.path("pg_ctl"), folder],
            files: [0: pipe.reader, 1: null, 2: null], ownSession: true)
        return (process, pipe.writer)
    }
}

/// The guards of this process. At a normal exit they are waited for, so that nothing is left when
/// the test program has ended.
private final class ExitList: @unchecked Sendable {
    // @unchecked: reached under the mutex only.
    private var mutex = pthread_mutex_t()
    private var guards: [(process: pid_t, pipe: Int32)] = []

    init() {
        pthread_mutex_init(&mutex, nil)
        atexit { atExit.endAll() }
    }

    func append(_ process: pid_t, _ pipe: Int32) {
        pthread_mutex_lock(&mutex)
        guards.append((process, pipe))
        pthread_mutex_unlock(&mutex)
    }

    func end(_ process: pid_t, _ pipe: Int32) {
        pthread_mutex_lock(&mutex)
        guards.removeAll { $0.pipe == pipe }
        pthread_mutex_unlock(&mutex)
        close(pipe)
        Command.wait(for: process)
    }

    func endAll() {
        pthread_mutex_lock(&mutex)
        let all = guards
        pthread_mutex_unlock(&mutex)
        for (process, pipe) in all { end(process, pipe) }
    }
}

private let atExit = ExitList()

/// Counts from 1.
private final class Counter: @unchecked Sendable {
    // @unchecked: reached under the mutex only.
    private var mutex = pthread_mutex_t()
    private var last = 0

    init() { pthread_mutex_init(&mutex, nil) }

    func next() -> Int {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        last += 1
        return last
    }
}

private let databaseNumber = Counter()
