import Logging

/// Tells of losses as soon as they begin and of the ring when it fills: one entry per kind and
/// `IngestLimits.alarmInterval`, with the number since the last, never one per datagram.
struct Alarms {
    /// Losses that are told together: of one kind, and of one listener where it has one.
    private struct Kind: Hashable {
        let event: Event
        let listener: String?
    }

    /// What the last entry of a kind said.
    private struct Telling {
        let time: ContinuousClock.Instant
        let total: UInt64
    }

    private let logger: Logger
    private var told: [Kind: Telling] = [:]
    private var oldestTold: UInt64 = 0
    private var ring = RingFill()
    private var imbalances: [Standing] = []

    /// Books that did not add up when they were looked at last.
    private struct Standing {
        let view: LedgerView
        let since: ContinuousClock.Instant
        var isTold = false
    }

    init(logger: Logger) {
        self.logger = logger
    }

    /// Call it at every turn of the reporter.
    ///
    /// - Parameter isLast: nothing comes after it, so nothing is kept for later.
    mutating func tell(_ now: Snapshot, isLast: Bool = false) {
        for listener in now.listeners { tell(listener, now.time, isLast) }
        tellRingDrops(now, isLast)
        for (number, lane) in now.lanes.enumerated() {
            tellRejects(lane.report, number, now.time, isLast)
        }
        for change in ring.look(now, isLast: isLast) { tell(change) }
        tellImbalances(now)
    }

    private mutating func tell(
        _ listener: Snapshot.ListenerState, _ time: ContinuousClock.Instant, _ isLast: Bool
    ) {
        let tally = listener.tally
        let losses: [(Event, UInt64, sender: IPAddress?, String)] = [
            (
                .kernelDrops, tally.kernelDropped, nil,
                "the kernel dropped datagrams before they could be received; raise"
                    + " udp.receive_buffer and net.core.rmem_max"
            ),
            (
                .datagramTruncated, tally.truncated.datagrams, tally.truncatedSender,
                "datagrams larger than udp.datagram_max were rejected"
            ),
            (
                .sourceRefused, tally.refused.datagrams, tally.refusedSender,
                "datagrams from addresses outside udp.allow were dropped"
            ),
        ]
        for (event, total, sender, text) in losses {
            let kind = Kind(event: event, listener: listener.name)
            guard let count = untold(of: kind, total, time, isLast) else { continue }
            var fields: Logger.Metadata = [
                "source": "\(listener.name)", "datagrams": "\(count)", "total": "\(total)",
            ]
            if let sender { fields["sender"] = "\(sender)" }
            logger.event(event, .warning, "\(text)", fields)
        }
    }

    private mutating func tellRingDrops(_ now: Snapshot, _ isLast: Bool) {
        let total = now.drops.datagrams
        let kind = Kind(event: .ringFull, listener: nil)
        guard let count = untold(of: kind, total, now.time, isLast) else { return }
        let oldest = now.drops.oldest.datagrams
        logger.event(
            .ringFull, .error, "the ring is full: datagrams were dropped",
            [
                "datagrams": "\(count)", "total": "\(total)",
                "policy": oldest == oldestTold ? "drop-newest" : "drop-oldest",
            ])
        oldestTold = oldest
    }

    /// Refused lines that are not kept, or not any more.
    private mutating func tellRejects(
        _ report: LaneReport, _ lane: Int, _ time: ContinuousClock.Instant, _ isLast: Bool
    ) {
        var losses: [(Event, UInt64, String)] = [
            (
                .rejectsRemoved, report.rejects.removedLines,
                "rejects.size is used up: the oldest refused lines were removed"
            )
        ]
        // Without a problem the operator wants none to be kept.
        if let problem = report.rejectsProblem {
            losses.append(
                (
                    .rejectsUnkept, report.rejects.unkeptLines,
                    "refused lines could not be kept: \(problem)"
                ))
        }
        for (event, total, text) in losses {
            let kind = Kind(event: event, listener: "lane \(lane)")
            guard let count = untold(of: kind, total, time, isLast) else { continue }
            logger.event(
                event, .warning, "\(text)",
                ["lane": "\(lane)", "lines": "\(count)", "total": "\(total)"])
        }
    }

    /// What is to be told of a kind now, which counts as told then; `nil` when nothing is.
    private mutating func untold(
        of kind: Kind, _ total: UInt64, _ time: ContinuousClock.Instant, _ isLast: Bool
    ) -> UInt64? {
        let before = told[kind]
        guard total > before?.total ?? 0 else { return nil }
        if let before, !isLast, time - before.time < IngestLimits.alarmInterval { return nil }
        told[kind] = Telling(time: time, total: total)
        return total - (before?.total ?? 0)
    }

    private func tell(_ change: RingFill.Change) {
        switch change {
        case .filling(let share):
            logger.event(
                .ringFilling, .warning, "the ring is filling", ["fill": "\(Int(share * 100))%"])
        case .drained(let share, let dropped):
            logger.event(
                .ringDrained, .notice, "the ring has room again",
                ["fill": "\(Int(share * 100))%", "dropped": "\(dropped)"])
        }
    }

    /// The parts of a snapshot are read one after the other, so while datagrams move they may not
    /// add up: only what stands is an imbalance.
    private mutating func tellImbalances(_ now: Snapshot) {
        let found = now.imbalances
        imbalances = imbalances.filter { standing in found.contains { $0.isSame(as: standing.view) }
        }
        for view in found {
            let known = imbalances.firstIndex { $0.view.isSame(as: view) }
            guard let known, imbalances[known].view.books.imbalance == view.books.imbalance else {
                if let known { imbalances.remove(at: known) }
                imbalances.append(Standing(view: view, since: now.time))
                continue
            }
            guard !imbalances[known].isTold,
                now.time - imbalances[known].since >= IngestLimits.imbalanceTime
            else { continue }
            imbalances[known].isTold = true
            view.tellImbalance(logger)
        }
    }
}

extension LedgerView {
    fileprivate func isSame(as other: LedgerView) -> Bool {
        lane == other.lane && source == other.source
    }

    /// Says that the books of a source do not add up.
    func tellImbalance(_ logger: Logger) {
        logger.event(
            .ledgerImbalance, .error, "the counts do not add up",
            ["lane": "\(lane)", "source": "\(source)", "off": "\(books.imbalance)"])
    }
}
