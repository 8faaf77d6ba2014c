/// What `systemctl status` shows: one sentence that is understood at three in the morning.
package enum StatusLine {
    /// - Parameters:
    ///   - last: a snapshot from a moment before, for the rates.
    ///   - waiting: how long the database has not answered, when that is worth saying.
    package static func text(
        _ now: Snapshot, since last: Snapshot, waiting: Duration? = nil
    ) -> String {
        let seconds = max((now.time - last.time).seconds, 0.001)
        let received = now.received.received.datagrams - last.received.received.datagrams
        let rows = now.outcome.rows &- last.outcome.rows
        var parts = [trouble(now)].compactMap { $0 }
        if parts.isEmpty, let waiting {
            parts.append("waiting for the database's answer for \(age(waiting))")
        }
        parts.append("receiving \(rate(Double(received) / seconds))/s")
        parts.append("writing \(rate(Double(rows) / seconds)) rows/s")
        parts.append("ring \(percent(now.fill))")
        if let full = timeUntilFull(now, since: last, isWaiting: waiting != nil) {
            parts.append("full in about \(full)")
        }
        let dropped = now.drops.newest.datagrams + now.drops.oldest.datagrams
        if dropped > 0 { parts.append("\(dropped) datagrams dropped") }
        if let commit = now.lanes.compactMap(\.report.lastCommit).max() {
            parts.append("last commit \(age(now.time - commit)) ago")
        }
        return parts.joined(separator: ", ")
    }

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
                return "database unavailable for \(time) (\(why)), buffering"
            }
        }
        return nil
    }

    /// Told while nothing is written: when it is, a ring that fills may empty at the next commit.
    private static func timeUntilFull(
        _ now: Snapshot, since last: Snapshot, isWaiting: Bool
    ) -> String? {
        var shortest: Double?
        for (lane, before) in zip(now.lanes, last.lanes)
        where lane.report.state.isTrouble || isWaiting {
            let growth = Double(lane.ring.usedBytes - before.ring.usedBytes)
            let seconds = (now.time - last.time).seconds
            guard growth > 0, seconds > 0 else { continue }
            let left = Double(lane.ring.capacity - lane.ring.usedBytes) / growth * seconds
            shortest = min(shortest ?? left, left)
        }
        return shortest.map { age(.seconds($0)) }
    }

    private static func rate(_ value: Double) -> String {
        value < 10 && value > 0 && value != value.rounded()
            ? oneDecimal(value) : "\(Int(value.rounded()))"
    }

    private static func percent(_ share: Double) -> String {
        share > 0 && share < 0.01 ? "<1 %" : "\(Int(share * 100)) %"
    }

    /// A time span in the unit that fits it.
    static func age(_ span: Duration) -> String {
        let seconds = max(span.seconds, 0)
        switch seconds {
        case ..<10: return "\(oneDecimal(seconds)) s"
        case ..<120: return "\(Int(seconds)) s"
        case ..<7_200: return "\(Int(seconds / 60)) min"
        case ..<172_800: return "\(Int(seconds / 3_600)) h"
        default: return "\(Int(seconds / 86_400)) days"
        }
    }
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
