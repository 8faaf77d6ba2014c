package import Logging
package import Systemd

/// Writes log entries to journald, each with its fields.
package struct JournalLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let journal: Journal
    private let level: LogLevelSwitch
    private var ownLevel: Logger.Level?

    package init(label: String, journal: Journal, level: LogLevelSwitch) {
        self.label = label
        self.journal = journal
        self.level = level
    }

    /// The shared level, unless this one logger was given its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? level.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        journal.reportLost { lost in
            journal.send(fields(of: lost, flatMetadata(own: [:], provided: nil, event: lost)))
        }
        let pairs = flatMetadata(own: metadata, provided: metadataProvider?.get(), event: event)
        journal.send(fields(of: event, pairs))
    }

    private func fields(
        of event: LogEvent, _ pairs: [(key: String, value: String)]
    ) -> [(name: String, value: String)] {
        // Most readers of the journal see the message alone; the figures must be in it.
        let shown = pairs.filter { $0.key != Event.metadataKey }
        var fields: [(name: String, value: String)] = [
            ("MESSAGE", entryText("\(event.message)", shown)),
            ("PRIORITY", "\(priority(event.level))"),
            ("SYSLOG_IDENTIFIER", "sluice"),
            ("CODE_FILE", event.file),
            ("CODE_LINE", "\(event.line)"),
            ("CODE_FUNC", event.function),
            ("SLUICE_PART", label),
        ]
        for (key, value) in pairs {
            if key == Event.metadataKey, let event = Event(rawValue: value) {
                fields.append(("MESSAGE_ID", event.messageID))
            }
            fields.append((journalFieldName(key), value))
        }
        return fields
    }
}

/// The levels of syslog(3), which journald filters by.
private func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: return 7
    case .info: return 6
    case .notice: return 5
    case .warning: return 4
    case .error: return 3
    case .critical: return 2
    }
}

/// `receive buffer` becomes `SLUICE_RECEIVE_BUFFER`: journald drops fields with other characters.
func journalFieldName(_ key: String) -> String {
    let lengthMax = 64  // What journald allows.
    let name = key.utf8.map { byte -> UInt8 in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return byte - 32
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return byte
        default: return UInt8(ascii: "_")
        }
    }
    return String(decoding: ("SLUICE_".utf8 + name).prefix(lengthMax), as: UTF8.self)
}
