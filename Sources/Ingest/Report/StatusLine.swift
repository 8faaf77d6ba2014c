/// What `systemctl status` shows: one sentence that is understood at three in the morning.
package enum StatusLine {
    /// - Parameters:
    ///   - last: a snapshot from a moment before, for the rates.
    ///   - window: what was before that, for the forecast.
    ///   - waiting: how long the database has not answered, when that is worth saying.
    package static func text(
        _ now: Snapshot, since last: Snapshot, waiting: Duration? = nil
    ) -> String {
        text(now, since: last, GrowthWindow(), waiting: waiting)
    }

    static func text(
        _ now: Snapshot, since last: Snapshot, _ window: GrowthWindow, waiting: Duration? = nil
    ) -> String {
        let rates = Rates(now, since: last)
        var parts: [String] = []
        if now.isStopping { parts.append("stopping") }
        let trouble = trouble(now)
        if let trouble {
            parts.append(trouble)
        } else if let waiting {
            parts.append("waiting for the database's answer for \(age(waiting))")
        }
        if !now.isStopping { parts.append("receiving \(rate(rates.received))/s") }
        // In trouble nothing is written, which need not be said.
        if trouble == nil || rates.rows > 0 { parts.append("writing \(rate(rates.rows)) rows/s") }
        if rates.rejected > 0 { parts.append("rejecting \(rate(rates.rejected)) lines/s") }
        parts += ring(now, since: last, window, isWaiting: waiting != nil)
        if rates.dropped > 0 {
            parts.append("dropping \(rate(rates.dropped))/s")
        } else if now.dropped > 0 {
            parts.append("\(now.dropped) datagrams dropped since the start")
        }
        if let files = now.files, files.figures.waiting > 0 {
            parts.append("\(files.figures.waiting) files waiting")
        }
        if let commit = now.lanes.compactMap(\.report.lastCommit).max() {
            parts.append("last commit \(age(now.time - commit)) ago")
        }
        return parts.joined(separator: ", ")
    }

    /// What happened in a second.
    private struct Rates {
        let received: Double
        let rows: Double
        let rejected: Double
        let dropped: Double

        init(_ now: Snapshot, since last: Snapshot) {
            let seconds = max((now.time - last.time).seconds, 0.001)
            func rate(_ count: (Snapshot) -> UInt64) -> Double {
                (Double(count(now)) - Double(count(last))) / seconds
            }
            received = rate { $0.received.received.datagrams }
            rows = rate { $0.outcome.rows }
            rejected = rate { $0.outcome.rejectedTotal }
            dropped = rate(\.dropped)
        }
    }

    /// How full it is, and how soon it will be when nothing is written.
    private static func ring(
        _ now: Snapshot, since last: Snapshot, _ window: GrowthWindow, isWaiting: Bool
    ) -> [String] {
        let begin = now.lanes.filter(\.report.state.isTrouble).map(\.report.stateSince).max()
        let earlier = begin.flatMap { window.oldest(after: $0) } ?? last
        let left = secondsUntilFull(now, since: earlier, isWaiting: isWaiting)
        // No frame may fit although a few bytes are left.
        let isDropping = now.drops != last.drops && now.fill >= fullShare
        if now.fill >= 1 || isDropping || left.map({ $0 < 0.05 }) ?? false { return ["ring full"] }
        return ["ring \(percent(now.fill))"]
            + (left.map { ["full in about \(age(.seconds($0)))"] } ?? [])
    }

    /// A ring that drops is called full from here on; below, it has been emptied since.
    private static let fullShare = 0.9

    /// The worst of what the lanes say, with how long it has lasted.
    private static func trouble(_ now: Snapshot) -> String? {
        for lane in now.lanes {
            if case .holding(let why) = lane.report.state {
                return "writing is held for \(age(now.time - lane.report.stateSince)) (\(why))"
            }
        }
        for lane in now.lanes {
            if case .unavailable(let why) = lane.report.state {
                let time = age(now.time - lane.report.stateSince)
                guard let reason = connectFailure(why) else {
                    return "database unavailable for \(time) (\(why)), buffering"
                }
                // A server that says why it does not let us in has been reached.
                let word = reason.hasPrefix("FATAL:") ? "unavailable" : "unreachable"
                return "database \(word) for \(time) (\(reason)), buffering"
            }
        }
        return nil
    }

    /// Why there is no connection, without libpq's words on where to: `Connection refused`.
    private static func connectFailure(_ why: String) -> String? {
        guard why.hasPrefix("connection to server "), let failed = why.firstRange(of: " failed: ")
        else {
            return nil
        }
        let reason = why[failed.upperBound...]
        return String(reason.prefix(while: { $0 != ";" && $0 != "\n" }))
    }

    /// Told while nothing is written: when it is, a ring that fills may empty at the next commit.
    private static func secondsUntilFull(
        _ now: Snapshot, since last: Snapshot, isWaiting: Bool
    ) -> Double? {
        var shortest: Double?
        for (lane, before) in zip(now.lanes, last.lanes)
        where lane.report.state.isTrouble || isWaiting {
            let growth = Double(lane.ring.usedBytes - before.ring.usedBytes)
            let seconds = (now.time - last.time).seconds
            guard growth > 0, seconds > 0 else { continue }
            let left = Double(lane.ring.capacity - lane.ring.usedBytes) / growth * seconds
            shortest = min(shortest ?? left, left)
        }
        return shortest
    }

    private static func rate(_ value: Double) -> String {
        let text = shortDecimal(value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func percent(_ share: Double) -> String {
        share > 0 && share < 0.01 ? "<1 %" : "\(Int(share * 100)) %"
    }

    /// A time span in the unit that fits it.
    static func age(_ span: Duration) -> String {
        let seconds = max(span.seconds, 0)
        switch seconds {
        case ..<10: return "\(shortDecimal(seconds)) s"
        case ..<120: return "\(Int(seconds)) s"
        case ..<7_200: return "\(Int(seconds / 60)) min"
        case ..<172_800: return "\(Int(seconds / 3_600)) h"
        default: return "\(Int(seconds / 86_400)) days"
        }
    }
}

/// A tenth is worth showing of a small number only: `9.9`, then `10`.
private func shortDecimal(_ value: Double) -> String {
    let text = oneDecimal(value)
    return text.utf8.count > 3 ? "\(Int(value.rounded()))" : text
}

extension Duration {
    /// Seconds with their fraction.
    package var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

extension LaneReport.State {
    /// Whether nothing is being written although there may be something to write.
    package var isTrouble: Bool {
        switch self {
        case .unavailable, .holding: true
        case .starting, .writing, .stopped: false
        }
    }
}
