import Glibc
import Logging
import Ring
import Systemd

extension Pipeline {
    /// The configured lanes, and those of before whose rings still hold readings: they are written,
    /// or the readings would wait for ever.
    static func laneNumbers(_ configuration: Configuration) -> [Int] {
        let lanes = configuration.ring.lanes
        let former = RingFiles.numbers(in: configuration.ring.directory).filter { number in
            guard number >= lanes else { return false }
            let path = "\(configuration.ring.directory)/ring-\(number)"
            return ((try? Ring.inspect(path: path))?.frameCount ?? 0) > 0
        }
        return Array(0..<lanes) + former.sorted()
    }

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
            logger.event(
                .bootUnknown, .warning,
                "this boot of the machine has no name: after a crash, the start reads the whole ring; set SLUICE_BOOT_ID=%b in the unit"
            )
        }
        do throws(RingError) {
            return try RingOpening(settings: settings, logger: logger).perform()
        } catch {
            throw StartError(description: error.description, exitCode: EX_IOERR)
        }
    }
}
