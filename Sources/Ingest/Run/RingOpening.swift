import Logging
import Ring

/// Opens one ring at the start: whatever its file is like, the daemon comes up with a ring, unless
/// somebody else has the file or the disk does not let it.
struct RingOpening {
    let settings: RingConfiguration
    let logger: Logger

    /// - Returns: the ring, and how many frames it holds.
    func perform() throws(RingError) -> (ring: Ring, frames: Int) {
        let (ring, report) = try openOrReplace()
        tell(report)
        guard ring.capacity != settings.wholeCapacity else { return (ring, report.frames) }
        try ring.close()
        resize()
        let (resized, again) = try Ring.open(settings)
        return (resized, again.frames)
    }

    /// A file that no start can ever open must not keep the daemon from receiving.
    private func openOrReplace() throws(RingError) -> (ring: Ring, report: RecoveryReport) {
        do throws(RingError) {
            return try Ring.open(settings)
        } catch {
            guard error.isUnusableFile, let aside = try Ring.setAside(path: settings.path) else {
                throw error
            }
            logger.event(
                .ringUnusable, .error,
                """
                the ring's file cannot be opened and was moved aside unchanged; readings in it are \
                not written: \(error.remedy)
                """,
                ["path": "\(settings.path)", "aside": "\(aside)", "reason": "\(error.reason)"])
            return try Ring.open(settings)
        }
    }

    /// A ring that cannot change its size goes on with the one that it has.
    private func resize() {
        do throws(RingError) {
            let resizing = try Ring.resize(settings)
            logger.event(
                .ringResized, .notice, "the ring has its new size, with everything that was in it",
                [
                    "path": "\(settings.path)", "before": "\(Size.text(resizing.before))",
                    "now": "\(Size.text(resizing.after))", "datagrams": "\(resizing.frames)",
                ])
        } catch {
            logger.event(
                .ringResized, .warning,
                "the ring keeps its size; the next start tries again to change it",
                [
                    "path": "\(settings.path)", "reason": "\(error)",
                    "wanted": "\(Size.text(settings.wholeCapacity))",
                ])
        }
    }
}

extension RingError {
    /// What can be done for a file that was moved aside.
    fileprivate var remedy: String {
        switch self {
        case .unsupportedVersion: "the program that wrote it can still drain it"
        case .wrongSize: "cut it to the size that its header says, and it can be opened again"
        case .damagedHeader: "keep it; the readings are in it as plain text"
        default: "keep it when it may hold readings, else remove it"
        }
    }
}

// MARK: - What was found

extension RingOpening {
    private func tell(_ report: RecoveryReport) {
        if !report.isFlawless {
            logger.event(
                .ringDamaged, .error, "\(Self.message(report))",
                Self.metadata(report).merging(["path": "\(settings.path)"]) { $1 })
        }
        if report.frames > 0 {
            logger.event(
                .ringRecovered, .notice, "the ring holds readings from before",
                [
                    "path": "\(settings.path)", "datagrams": "\(report.frames)",
                    "bytes": "\(report.payloadBytes)",
                ])
        }
    }

    static func message(_ report: RecoveryReport) -> String {
        guard let failure = report.keepFailure else {
            return "the ring was damaged; whole frames are kept, damaged bytes are put aside"
        }
        return """
            the ring was damaged; whole frames are kept, \(report.bytesNotKept) damaged bytes could \
            not be put aside and stay in the file until it is overwritten: \(failure)
            """
    }

    /// Where it was damaged, and how much is lost.
    static func metadata(_ report: RecoveryReport) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "damages": "\(report.damageCount)", "bytes": "\(report.damagedBytes)",
            "missing": "\(report.framesMissing)",
        ]
        if report.damageCount > 0 { metadata["places"] = "\(places(report))" }
        let others: [(key: String, count: Int)] = [
            ("restored", report.restoredBytes), ("header", report.isHeaderRepaired ? 1 : 0),
            ("names", report.damagedSourceNames), ("counters", report.damagedLedgerRecords),
        ]
        for (key, count) in others where count > 0 { metadata[key] = "\(count)" }
        return metadata
    }

    /// `position+bytes` of each damaged stretch, as far as they are shown.
    private static func places(_ report: RecoveryReport) -> String {
        let shown = report.damages.prefix(IngestLimits.damagesShown)
        let list = shown.map { "\($0.position)+\($0.bytes)" }.joined(separator: " ")
        let more = report.damageCount - shown.count
        return more > 0 ? "\(list) and \(more) more" : list
    }
}
