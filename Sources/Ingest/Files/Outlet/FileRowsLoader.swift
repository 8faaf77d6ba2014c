import Logging
import Postgres
import Threads

/// Asks the database once, at the start, how far it has every file of this machine; tries until it
/// answers.
final class FileRowsLoader: Sendable {
    private struct Answer {
        var rows: [KnownFile]?
        var isEnding = false
    }

    private let answer = Lock(Answer())
    private let thread = Lock<PlainThread?>(nil)
    private let settings: @Sendable () -> Configuration.Database
    private let logger: Logger

    /// - Parameter settings: the configuration's as it is now.
    init(settings: @escaping @Sendable () -> Configuration.Database, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// What the database has said; `nil` until it has.
    var rows: [KnownFile]? { answer.withLock { $0.rows } }

    func start() {
        let started = PlainThread(name: "file rows") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Ends the attempts and waits for the thread; a connection attempt may take as long as it may.
    func stop() async {
        answer.withLock { $0.isEnding = true }
        answer.wakeAll()
        await thread.withLock { $0 }?.joinWhenEnded()
        // The two hold each other.
        thread.withLock { $0 = nil }
    }

    private var isEnding: Bool { answer.withLock { $0.isEnding } }

    private func run() {
        let first = settings()
        var backoff = Backoff(first: first.retryMin, max: first.retryMax)
        var random = SystemRandomNumberGenerator()
        var hasTold = false
        while !isEnding {
            do throws(PostgresError) {
                let rows = try Self.load(settings()) { !self.isEnding }
                answer.withLock { $0.rows = rows }
                return
            } catch {
                // The writers tell of the database; here, only what it means for files.
                if !hasTold {
                    logger.event(
                        .filesWaiting, .notice,
                        "files wait until the database has said how far it has them",
                        ["reason": "\(WriteFailure.database(error).text)"])
                }
                hasTold = true
            }
            _ = answer.wait(atMost: backoff.next(using: &random)) { $0.isEnding }
        }
    }

    /// Reads the rows.
    static func load(
        _ settings: Configuration.Database, isWanted: () -> Bool = { true }
    ) throws(PostgresError) -> [KnownFile] {
        var connection = try Connection.open(settings, isWanted: isWanted)
        let rows = try connection.query(
            """
            SELECT source, position FROM \(Destinations.progressTable) \
            WHERE ring_id = $1 AND source LIKE $2 ORDER BY updated_at
            """, [HostIdentity.current, "\(FileKey.textPrefix)%"])
        return rows.compactMap(KnownFile.init(row:))
    }
}
