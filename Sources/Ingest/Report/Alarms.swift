import Logging

/// Tells of losses when they grow and of the ring when it fills: one entry per kind and interval,
/// with the number, never one per datagram.
struct Alarms {
    private let logger: Logger
    private var last: Snapshot
    private var fillTold = 0.0
    private var imbalance: Int64 = 0

    /// Shares of the ring at which its filling is told.
    private static let fillSteps = [0.5, 0.75, 0.9]
    /// Below this a ring that was full before counts as drained.
    private static let drainedFill = 0.25

    init(logger: Logger, first: Snapshot) {
        self.logger = logger
        last = first
    }

    mutating func tell(_ now: Snapshot) {
        tellListeners(now)
        tellRing(now)
        tellImbalance(now)
        last = now
    }

    private func tellListeners(_ now: Snapshot) {
        for (listener, before) in zip(now.listeners, last.listeners) {
            let name = listener.name
            report(
                .kernelDrops, name, listener.tally.kernelDropped, before.tally.kernelDropped,
                "the kernel dropped datagrams before they could be received; raise"
                    + " udp.receive_buffer and net.core.rmem_max")
            report(
                .datagramTruncated, name, listener.tally.truncated.datagrams,
                before.tally.truncated.datagrams,
                "datagrams larger than udp.datagram_max were rejected")
            report(
                .sourceRefused, name, listener.tally.refused.datagrams,
                before.tally.refused.datagrams,
                "datagrams from addresses outside udp.allow were dropped")
        }
    }

    private func report(
        _ event: Event, _ listener: String, _ now: UInt64, _ before: UInt64, _ text: String
    ) {
        guard now > before else { return }
        logger.event(
            event, .warning, "\(text)",
            ["listener": "\(listener)", "datagrams": "\(now - before)", "total": "\(now)"])
    }

    private mutating func tellRing(_ now: Snapshot) {
        let dropped = now.drops.newest.datagrams + now.drops.oldest.datagrams
        let before = last.drops.newest.datagrams + last.drops.oldest.datagrams
        if dropped > before {
            logger.event(
                .ringFull, .error, "the ring is full: datagrams were dropped",
                [
                    "datagrams": "\(dropped - before)", "total": "\(dropped)",
                    "policy": now.drops.oldest == last.drops.oldest ? "newest" : "oldest",
                ])
            fillTold = 1
        }
        if let step = Self.fillSteps.last(where: { now.fill >= $0 }), step > fillTold {
            fillTold = step
            logger.event(
                .ringFilling, .warning, "the ring is filling", ["fill": "\(Int(now.fill * 100))%"])
        }
        if fillTold > 0, now.fill < Self.drainedFill {
            fillTold = 0
            logger.event(
                .ringDrained, .notice, "the ring has room again",
                ["fill": "\(Int(now.fill * 100))%"])
        }
    }

    /// The parts of a snapshot are read one after the other: only an imbalance that stays the same
    /// is one.
    private mutating func tellImbalance(_ now: Snapshot) {
        if now.imbalance != 0, now.imbalance == imbalance {
            logger.event(
                .ledgerImbalance, .error, "the counts do not add up",
                ["datagrams": "\(now.imbalance)"])
        }
        imbalance = now.imbalance
    }
}
