import Glibc
import Logging
import Ring
import Systemd

/// The landings of this service's processes: files in systemd's runtime directory, which outlives
/// a process that is killed and not the machine.
struct Landings {
    /// `nil` where there is no service manager that keeps such a directory.
    private let directory: String?
    private let logger: Logger
    private static let prefix = "landing-"

    init(environment: EnvironmentLookup = processEnvironment, logger: Logger) {
        directory = managedDirectory("RUNTIME_DIRECTORY", environment: environment)
        self.logger = logger
    }

    /// Puts into the rings what a former process had received and not put there, and removes its
    /// files. Before any receiver runs. It may be killed itself, and tried again.
    ///
    /// - Returns: how many datagrams that were.
    func recover(
        _ listeners: [Configuration.Listener], into rings: [Ring], _ all: [Ring],
        _ drops: DropLedger
    ) throws(RingError) -> UInt64 {
        guard let directory, !rings.isEmpty else { return 0 }
        // All are looked at before the first is put into a ring, which then has more frames.
        var left: [LandedDatagrams] = []
        for name in entryNames(in: directory).sorted() where name.hasPrefix(Self.prefix) {
            let path = "\(directory)/\(name)"
            do throws(Landing.Failure) {
                left.append(
                    LandedDatagrams(try Landing(leftAt: path)) { identity in
                        all.first { $0.identity == identity }?.framesEver
                    })
            } catch {
                unsafe unlink(path)
            }
        }
        var tally = ReceiveTally()
        for landed in left {
            if landed.count > 0 { tally += try append(landed, listeners, rings, drops) }
            landed.landing.enter(.idle)
        }
        if tally.received.datagrams > 0 {
            logger.event(
                .ringRecovered, .notice,
                "datagrams that had been received when the process before ended are in the ring now",
                [
                    "datagrams": "\(tally.accepted.datagrams)",
                    "dropped": "\(tally.overflow.datagrams)",
                ])
        }
        return tally.accepted.datagrams + tally.overflow.datagrams
    }

    private func append(
        _ landed: LandedDatagrams, _ listeners: [Configuration.Listener], _ rings: [Ring],
        _ drops: DropLedger
    ) throws(RingError) -> ReceiveTally {
        var sources: [UInt16] = []
        for ring in rings { sources.append(try ring.register(source: landed.source)) }
        let listener = listeners.first { $0.name == landed.source }
        let allow = landed.areChosen ? [] : listener?.allow ?? []
        var intake = Intake(
            start: 0, allow: AddressFilter(networks: allow),
            origin: FrameOrigin(source: sources[0], attributes: landed.attributes))
        let sink = RingSink(rings, sources: sources, drops: drops)
        var tally = intake.take(landed)
        tally.settle(overflow: intake.append(to: sink, from: landed.landing))
        sink.count(tally, source: sources[0])
        return tally
    }

    /// Where a receiver's datagrams land.
    func make(datagramMax: Int, origin: FrameOrigin, source: String) -> Landing {
        guard let directory else { return Landing(datagramMax: datagramMax) }
        // Each gets the first number that is free.
        let taken = Set(entryNames(in: directory))
        let name = (0...).lazy.map { "\(Self.prefix)\($0)" }.first { !taken.contains($0) }!
        do throws(Landing.Failure) {
            return try Landing(
                path: "\(directory)/\(name)", datagramMax: datagramMax, origin: origin,
                source: source)
        } catch {
            let reason = unsafe String(cString: strerror(error.code))
            logger.event(
                .landingUnavailable, .warning,
                "a kill of this process may lose the datagrams that it is just receiving: their memory in the runtime directory could not be made",
                ["path": "\(directory)/\(name)", "reason": "\(reason)"])
            return Landing(datagramMax: datagramMax)
        }
    }
}
