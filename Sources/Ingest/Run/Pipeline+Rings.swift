import Glibc
import Logging
import Ring
import Systemd

extension Pipeline {
    static func makeDirectory(_ path: String) throws(StartError) {
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        let reason = unsafe String(cString: strerror(errno))
        throw StartError(
            description: "cannot make the ring's directory \(path): \(reason);"
                + " make it, or set ring.directory to one that this user may write to",
            exitCode: EX_CANTCREAT)
    }

    static func openRing(
        _ number: Int, _ configuration: Configuration, _ logger: Logger
    ) throws(StartError) -> (ring: Ring, frames: Int) {
        // The unit's sandbox hides the kernel's own word; systemd gives it as a variable instead.
        let settings = RingConfiguration(
            path: configuration.ring.directory + "/ring-\(number)",
            capacity: configuration.ring.size,
            overflow: configuration.ring.overflow == .dropOldest ? .dropOldest : .dropNewest,
            bootIdentifier: processEnvironment("SLUICE_BOOT_ID"))
        if number == 0, !settings.isBootKnown {
            logger.warning(
                "this boot of the machine has no name: after a crash, the start reads the whole ring; set SLUICE_BOOT_ID=%b in the unit"
            )
        }
        do throws(RingError) {
            let (ring, report) = try Ring.open(settings)
            tell(report, of: ring, logger)
            guard report.capacity != settings.wholeCapacity, !report.isNew else {
                return (ring, report.frames)
            }
            guard report.frames == 0, report.isFlawless else {
                tellSize(ring, wanted: settings.wholeCapacity, logger)
                return (ring, report.frames)
            }
            return (try replace(ring, settings, logger), 0)
        } catch {
            throw StartError(description: error.description, exitCode: EX_IOERR)
        }
    }

    /// An empty ring holds nothing but its size, so the file is made anew with the configured one.
    private static func replace(
        _ ring: Ring, _ settings: RingConfiguration, _ logger: Logger
    ) throws(RingError) -> Ring {
        let before = ring.capacity
        try ring.close()
        guard unsafe unlink(settings.path) == 0 else {
            throw .system(operation: "unlink", path: settings.path, code: errno)
        }
        let (new, _) = try Ring.open(settings)
        logger.notice(
            "the ring was empty and has its new size",
            metadata: [
                "path": "\(new.path)", "before": "\(Size.text(before))",
                "now": "\(Size.text(new.capacity))",
            ])
        return new
    }

    private static func tellSize(_ ring: Ring, wanted: Int, _ logger: Logger) {
        logger.warning(
            "the ring holds readings and so keeps its size; the next start with an empty ring changes it",
            metadata: [
                "path": "\(ring.path)", "now": "\(Size.text(ring.capacity))",
                "wanted": "\(Size.text(wanted))",
            ])
    }

    private static func tell(_ report: RecoveryReport, of ring: Ring, _ logger: Logger) {
        if !report.isFlawless {
            logger.event(
                .ringDamaged, .error,
                "the ring was damaged; whole frames are kept, damaged bytes are put aside",
                [
                    "path": "\(ring.path)", "damages": "\(report.damageCount)",
                    "bytes": "\(report.damagedBytes)", "missing": "\(report.framesMissing)",
                    "position": "\(report.firstBadPosition ?? 0)",
                ])
        }
        if report.frames > 0 {
            logger.event(
                .ringRecovered, .notice, "the ring holds readings from before",
                [
                    "path": "\(ring.path)", "datagrams": "\(report.frames)",
                    "bytes": "\(report.payloadBytes)",
                ])
        }
    }
}
