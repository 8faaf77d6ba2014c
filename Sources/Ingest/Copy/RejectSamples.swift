import LineProtocol
import Logging

/// One example for each reason that lines were rejected for, so that the log can tell what is
/// wrong without an entry per line.
struct RejectSamples {
    private struct Sample {
        var line: String
        var detail: String
    }

    private var samples = [Sample?](repeating: nil, count: RejectReason.count)
    private var counts = [UInt64](repeating: 0, count: RejectReason.count)
    private var lastTold = [ContinuousClock.Instant?](repeating: nil, count: RejectReason.count)
    private var untold = [UInt64](repeating: 0, count: RejectReason.count)

    /// The same reason is told again only after this time, with the number of lines meanwhile.
    static let interval = Duration.seconds(60)
    /// Bytes of a rejected line that a log entry shows.
    static let lineBytesMax = 256

    /// Counts a line.
    ///
    /// - Returns: whether it is the first with this reason, whose text should be kept.
    mutating func count(_ reason: RejectReason, lines: UInt64 = 1) -> Bool {
        let index = Int(reason.rawValue)
        counts[index] += lines
        return samples[index] == nil
    }

    /// Keeps a line as the example.
    mutating func keep(_ reason: RejectReason, _ line: ByteSlice, _ detail: String) {
        let text = unsafe String(decoding: line.buffer.prefix(Self.lineBytesMax), as: UTF8.self)
        samples[Int(reason.rawValue)] = Sample(line: text, detail: detail)
    }

    /// Forgets what a batch noted that did not come to its end.
    mutating func forget() {
        for index in samples.indices {
            samples[index] = nil
            counts[index] = 0
        }
    }

    /// Tells what the committed batch noted.
    mutating func tell(_ logger: Logger) {
        let now = ContinuousClock.now
        for index in samples.indices {
            guard let sample = samples[index] else { continue }
            samples[index] = nil
            untold[index] += counts[index]
            counts[index] = 0
            if let last = lastTold[index], now - last < Self.interval { continue }
            lastTold[index] = now
            let reason = RejectReason(rawValue: UInt8(index))
            logger.event(
                reason.isFromDatabase ? .rowRejected : .lineRejected, .warning,
                "rejected: \(sample.detail)",
                [
                    "reason": "\(reason.name)", "lines": "\(untold[index])",
                    "line": "\(sample.line)",
                ])
            untold[index] = 0
        }
    }
}
