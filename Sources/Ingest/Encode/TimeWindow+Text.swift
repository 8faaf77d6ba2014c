import Glibc
package import LineProtocol

/// What there is to say of a time that is not believed, for one example of each reason only.
extension TimeWindow {
    /// What is wrong with a line's time, and which key or clock to set.
    ///
    /// - Parameters:
    ///   - verdict: what `check` gave for the same values; not `fine`.
    ///   - listener: the name of the source; nil when it is not known any more.
    package func explanation(
        of verdict: Verdict, _ time: Int64, in precision: Precision, receivedAt: Int64,
        listener: String?
    ) -> String {
        let place = Self.place(listener)
        switch verdict {
        case .fine: return "the time is as it should be"
        case .wrongUnit(let unit): return Self.text(wrong: precision, right: unit, listener)
        case .tooFarAhead:
            return
                "the time \(Self.text(time)) is more than \(Self.text(limit: aheadMax)) after the line"
                + " was received, at \(Self.text(receivedAt)): set the sender's clock, or raise"
                + " ahead_max\(place)"
        case .tooOld where time < Self.firstTime:
            return
                "the time \(Self.text(time)) is before \(Self.text(Self.firstTime)), where only"
                + " timestamps in a wrong unit lie: let the sender write \(precision.name), or set"
                + " precision\(place) to what it writes"
        case .tooOld:
            return
                "the time \(Self.text(time)) is more than \(Self.text(limit: ageMax)) before the line"
                + " was received, at \(Self.text(receivedAt)): set the sender's clock, or raise"
                + " age_max\(place)"
        }
    }

    /// The unit that a timestamp was probably written in when it is too large for the declared one,
    /// with what to do; nil when no unit makes sense of the line's last word.
    ///
    /// - Parameter line: the whole line as it came, refused as out of range.
    package static func explanation(
        ofOutOfRange line: ByteSlice, in precision: Precision, receivedAt: Int64, listener: String?
    ) -> String? {
        guard let digits = timestamp(of: line) else { return nil }
        let (_, isOverflow) = digits.multipliedReportingOverflow(by: precision.unitNanoseconds)
        guard isOverflow, let unit = plausibleUnit(of: digits, receivedAt: receivedAt) else {
            return nil
        }
        return text(wrong: precision, right: unit, listener)
    }

    private static func text(
        wrong: Precision, right: Precision, _ listener: String?
    ) -> String {
        let start = "the timestamp is in \(right.name) and taken for \(wrong.name): "
        if listener == ImportRun.sourceName {
            return start + "load the file with --precision \(right.name)"
        }
        return start
            + "set precision = \"\(right.name)\"\(place(listener)), or let the sender write"
            + " \(wrong.name)"
    }

    private static func place(_ listener: String?) -> String {
        listener.map { " for the listener \"\($0)\"" } ?? ""
    }

    /// The last word of a line, when it is a whole number.
    private static func timestamp(of line: ByteSlice) -> Int64? {
        let words = unsafe line.buffer.split { $0 <= UInt8(ascii: " ") }
        guard unsafe words.count > 1, let word = unsafe words.last else { return nil }
        return unsafe Int64(String(decoding: word, as: UTF8.self))
    }

    private static func text(limit: Int64) -> String {
        Interval.text(.nanoseconds(limit))
    }

    /// UTC, such as `2026-01-31T12:00:00.000Z`.
    private static func text(_ time: Int64) -> String {
        let (seconds, rest) = time.quotientAndRemainder(dividingBy: second)
        // Without multiplying back: the first second of all times has no number of nanoseconds.
        return rest < 0
            ? timeText(timespec(tv_sec: Int(seconds - 1), tv_nsec: Int(rest + second)))
            : timeText(timespec(tv_sec: Int(seconds), tv_nsec: Int(rest)))
    }
}
