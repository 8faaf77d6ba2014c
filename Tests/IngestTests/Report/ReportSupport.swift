import Logging
import Threads

@testable import Ingest
@testable import Ring

/// Keeps what is logged.
final class LogRecorder: Sendable {
    struct Entry: Sendable {
        let level: Logger.Level
        let message: String
        let fields: [String: String]

        var event: Event? { fields["event"].flatMap(Event.init) }
    }

    private let kept = Lock<[Entry]>([])

    var logger: Logger {
        Logger(label: "test") { _ in Handler(recorder: self) }
    }

    /// What was logged since the last call.
    func take() -> [Entry] {
        kept.withLock { entries in
            defer { entries = [] }
            return entries
        }
    }

    /// The events that were logged since the last call, by their names.
    func takeEvents() -> [String] { take().compactMap { $0.event?.rawValue } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let pairs = flatMetadata(own: metadata, provided: nil, event: event)
            let entry = Entry(
                level: event.level, message: "\(event.message)",
                fields: Dictionary(uniqueKeysWithValues: pairs.map { ($0.key, $0.value) }))
            recorder.kept.withLock { $0.append(entry) }
        }
    }
}

/// A time that tests count from; nothing waits for it.
let start = ContinuousClock.now

/// What a test says of the daemon, piece by piece; the rest is at peace.
struct Scene {
    var seconds = 0.0
    var tally = ReceiveTally()
    var listenerTurns: UInt64 = 0
    var hasEnded = false
    var syncTurns: UInt64 = 0
    var isSyncing = false
    var report = LaneReport()
    var laneTurns: UInt64 = 0
    var isWaitingForDatabase = false
    var usedBytes = 0
    var frameCount = 0
    var drops = DropTally()
    var recovered: UInt64 = 0
    var books = SourceLedger()

    static let capacity = 1_000

    init() { report.state = .writing }

    var snapshot: Snapshot {
        let ring = RingSnapshot(
            tail: 0, head: 0, syncedHead: 0, capacity: Self.capacity, usedBytes: usedBytes,
            frameCount: frameCount, oldestReceivedAt: nil, tally: RingTally())
        return Snapshot(
            time: start + .seconds(seconds),
            listeners: [
                Snapshot.ListenerState(
                    name: "main", tally: tally,
                    receivers: [
                        Snapshot.ReceiverState(turns: listenerTurns, hasEnded: hasEnded)
                    ])
            ],
            lanes: [
                Snapshot.LaneState(
                    report: report, total: report.total, ring: ring, turns: laneTurns,
                    isWaitingForDatabase: isWaitingForDatabase)
            ],
            files: nil,
            sync: Snapshot.SyncState(turns: syncTurns, isSyncing: isSyncing), drops: drops,
            recoveredFrames: recovered,
            ledger: [LedgerView(lane: 0, source: "main", books: books)])
    }

    /// The same a moment later, with what has changed.
    mutating func after(_ seconds: Double, _ change: (inout Scene) -> Void = { _ in }) -> Snapshot {
        self.seconds += seconds
        change(&self)
        return snapshot
    }
}
