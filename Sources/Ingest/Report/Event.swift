package import Logging

/// The kinds of log entries that operators and their tools look for.
///
/// Each has an identifier that never changes: `journalctl MESSAGE_ID=…` finds it whatever the
/// text says. A new kind gets a new random one (`systemd-id128 new`), a dropped one is not reused.
package enum Event: String, Sendable, CaseIterable {
    // The daemon's life.
    case started
    case bootUnknown = "boot_unknown"
    case listening
    case socketUnused = "socket_unused"
    case socketElsewhere = "socket_elsewhere"
    case landingUnavailable = "landing_unavailable"
    case controlUnavailable = "control_unavailable"
    case ready
    case stopping
    case drained
    case readingsLeft = "readings_left"
    case stopped
    case reloaded
    case reloadFailed = "reload_failed"
    case configurationInvalid = "configuration_invalid"
    case startFailed = "start_failed"
    case listenerFailed = "listener_failed"
    case partFailed = "part_failed"
    case stageStalled = "stage_stalled"
    case ledgerImbalance = "ledger_imbalance"
    case summary
    case journalLost = "journal_lost"

    // The database.
    case databaseConnected = "database_connected"
    case databaseUnavailable = "database_unavailable"
    case databaseLost = "database_lost"
    case databaseSlow = "database_slow"
    case batchCommitted = "batch_committed"
    case formerConnection = "former_connection"
    case batchHeld = "batch_held"
    case tableProblem = "table_problem"
    case duplicatePolicy = "duplicate_policy"
    case progressBehind = "progress_behind"
    case progressAhead = "progress_ahead"

    // Readings that were not written.
    case lineRejected = "line_rejected"
    case rowRejected = "row_rejected"
    case unmatchedName = "unmatched_name"
    case rejectsUnkept = "rejects_unkept"
    case rejectsRemoved = "rejects_removed"
    case rejectsDamaged = "rejects_damaged"
    case datagramTruncated = "datagram_truncated"
    case sourceRefused = "source_refused"
    case kernelDrops = "kernel_drops"
    case receiveBufferSmall = "receive_buffer_small"

    // Files.
    case fileProblem = "file_problem"
    case fileRewritten = "file_rewritten"
    case fileDone = "file_done"
    case filesWaiting = "files_waiting"

    // The ring.
    case ringRecovered = "ring_recovered"
    case ringDamaged = "ring_damaged"
    case ringUnusable = "ring_unusable"
    case ringFilling = "ring_filling"
    case ringFull = "ring_full"
    case ringDrained = "ring_drained"
    case ringResumed = "ring_resumed"
    case ringNotSynced = "ring_not_synced"
    case ringResized = "ring_resized"
}

extension Event {
    /// The metadata key that carries the event from the call to the log handler.
    static let metadataKey = "event"
}

extension Logger {
    /// Logs one entry of a known kind.
    ///
    /// - Parameter message: plain English, one line; the metadata is shown behind it.
    package func event(
        _ event: Event, _ level: Logger.Level, _ message: @autoclosure () -> Logger.Message,
        _ metadata: @autoclosure () -> Logger.Metadata = [:],
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        log(
            level: level, message(),
            metadata: metadata().merging([Event.metadataKey: "\(event.rawValue)"]) { $1 },
            file: file, function: function, line: line)
    }
}
