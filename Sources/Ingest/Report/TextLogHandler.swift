import Glibc
package import Logging

/// Writes log entries as lines of text: `time level message key=value…`, one line each.
package struct TextLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let level: LogLevelSwitch
    private let output: TextOutput
    private var ownLevel: Logger.Level?

    /// - Parameter output: shared by all handlers, so that each entry lost is told by the next one
    ///   that is not.
    init(label: String, level: LogLevelSwitch, output: TextOutput) {
        self.label = label
        self.level = level
        self.output = output
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
        output.reportLost { lost in
            output.write(line(of: lost, flatMetadata(own: [:], provided: nil, event: lost)))
        }
        output.write(
            line(
                of: event,
                flatMetadata(own: metadata, provided: metadataProvider?.get(), event: event)))
    }

    private func line(of event: LogEvent, _ pairs: [(key: String, value: String)]) -> String {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return logLine(
            time: now, level: event.level, message: "\(event.message)", pairs: pairs)
    }
}

/// One entry with its line end.
func logLine(
    time: timespec, level: Logger.Level, message: String, pairs: [(key: String, value: String)]
) -> String {
    "\(timeText(time)) \(level.rawValue) \(entryText(message, pairs))\n"
}

/// The message and its values, on one line.
func entryText(_ message: String, _ pairs: [(key: String, value: String)]) -> String {
    var line = escaped(message)
    for (key, value) in pairs { line += " \(escaped(key))=\(quotedIfNeeded(value))" }
    return line
}

/// UTC with milliseconds: `2026-01-31T12:00:00.000Z`.
func timeText(_ time: timespec) -> String {
    var seconds = time.tv_sec
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    let year = unsafe padded(Int(parts.tm_year) + 1900, 4)
    let month = unsafe padded(Int(parts.tm_mon) + 1, 2)
    let day = unsafe padded(Int(parts.tm_mday), 2)
    let hour = unsafe padded(Int(parts.tm_hour), 2)
    let minute = unsafe padded(Int(parts.tm_min), 2)
    let second = unsafe padded(Int(parts.tm_sec), 2)
    let fraction = padded(time.tv_nsec / 1_000_000, 3)
    return "\(year)-\(month)-\(day)T\(hour):\(minute):\(second).\(fraction)Z"
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func quotedIfNeeded(_ value: String) -> String {
    let isPlain =
        !value.isEmpty
        && value.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0 != "\"" && $0 != "=" && $0 != "\\" && $0.value != 0x7f
        }
    if isPlain { return value }
    let inside = escaped(value.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] })
    return "\"\(inside)\""
}

/// Control characters, line breaks among them, made visible: an entry stays one line, and what a
/// sensor sent cannot forge another entry or drive a terminal.
private func escaped<Text: Sequence>(_ text: Text) -> String where Text.Element == Character {
    var result = ""
    for scalar in text.lazy.flatMap(\.unicodeScalars) {
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case _
        where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            || scalar.value == 0x2028 || scalar.value == 0x2029:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
