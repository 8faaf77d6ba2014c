import Glibc
import LineProtocol
package import Logging
import Ring
package import Systemd
import Threads

/// Everything between the sensors and the database, opened and ready to run.
package final class Pipeline: Sendable {
    package let lanes: [Lane]
    package let listeners: [Listener]
    package let drops: DropLedger
    /// Frames that the rings held when they were opened.
    package let recoveredFrames: UInt64
    private let logger: Logger

    /// Why the daemon cannot start; one line, and the exit code of sysexits(3).
    package struct StartError: Error, CustomStringConvertible {
        package let description: String
        package let exitCode: Int32
    }

    /// Opens the rings, then the sockets: what arrives has a place from the first datagram on.
    package init(
        _ configuration: Configuration, inherited: [ListenDescriptor], logger: Logger
    ) throws(StartError) {
        self.logger = logger
        try Self.makeDirectory(configuration.ring.directory)
        var lanes: [Lane] = []
        var recovered: UInt64 = 0
        for number in 0..<configuration.ring.lanes {
            let (ring, frames) = try Self.openRing(number, configuration, logger)
            recovered += UInt64(frames)
            lanes.append(Lane(number: number, ring: ring, configuration: configuration))
        }
        let drops = DropLedger()
        listeners = try Self.openListeners(
            configuration, lanes.map(\.ring), drops, inherited, logger)
        self.lanes = lanes
        self.drops = drops
        recoveredFrames = recovered
    }

    private static func makeDirectory(_ path: String) throws(StartError) {
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        let reason = unsafe String(cString: strerror(errno))
        throw StartError(
            description: "cannot make the ring's directory \(path): \(reason);"
                + " make it, or set ring.directory to one that this user may write to",
            exitCode: EX_CANTCREAT)
    }

    private static func openRing(
        _ number: Int, _ configuration: Configuration, _ logger: Logger
    ) throws(StartError) -> (ring: Ring, frames: Int) {
        let path = configuration.ring.directory + "/ring-\(number)"
        // The unit's sandbox hides the kernel's own word; systemd gives it as a variable instead.
        let settings = RingConfiguration(
            path: path, capacity: configuration.ring.size,
            overflow: configuration.ring.overflow == .dropOldest ? .dropOldest : .dropNewest,
            bootIdentifier: processEnvironment("SLUICE_BOOT_ID"))
        if number == 0, !settings.isBootKnown {
            logger.warning(
                "this boot of the machine has no name: after a crash, the start reads the whole ring; set SLUICE_BOOT_ID=%b in the unit"
            )
        }
        do throws(RingError) {
            let (ring, report) = try Ring.open(settings)
            tell(report, of: ring, wanted: configuration.ring.size, logger)
            return (ring, report.frames)
        } catch {
            throw StartError(description: error.description, exitCode: EX_IOERR)
        }
    }

    private static func tell(
        _ report: RecoveryReport, of ring: Ring, wanted: Int, _ logger: Logger
    ) {
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
        if !report.isNew && report.capacity < wanted {
            logger.warning(
                "the ring keeps the size that it was made with; stop the daemon, let it drain and remove the file to change it",
                metadata: [
                    "path": "\(ring.path)", "bytes": "\(report.capacity)", "wanted": "\(wanted)",
                ])
        }
    }

    private static func openListeners(
        _ configuration: Configuration, _ rings: [Ring], _ drops: DropLedger,
        _ inherited: [ListenDescriptor], _ logger: Logger
    ) throws(StartError) -> [Listener] {
        var sockets = InheritedSockets(inherited)
        var listeners: [Listener] = []
        let isOnly = configuration.listeners.count == 1
        for (index, settings) in configuration.listeners.enumerated() {
            let descriptor = sockets.take(for: settings, isOnly: isOnly)
            let receiver = try openReceiver(settings, descriptor, rings, drops, index)
            tell(receiver, settings, isInherited: descriptor != nil, logger)
            listeners.append(Listener(name: settings.name, receiver: receiver))
        }
        for socket in sockets.left {
            logger.warning(
                "a socket was handed over that no [[udp]] name matches; it is left alone",
                metadata: ["name": "\(socket.name)"])
        }
        return listeners
    }

    private static func openReceiver(
        _ settings: Configuration.Listener, _ descriptor: Int32?, _ rings: [Ring],
        _ drops: DropLedger, _ index: Int
    ) throws(StartError) -> Receiver<RingSink> {
        var source: UInt16 = 0
        do throws(RingError) {
            // The same name has the same index in every ring, or the counters would mix: each
            // ring registers all names in the same order.
            for ring in rings { source = try ring.register(source: settings.name) }
        } catch {
            throw StartError(description: error.description, exitCode: EX_CANTCREAT)
        }
        do throws(SocketError) {
            let socket: DatagramSocket
            if let descriptor {
                socket = try DatagramSocket(
                    adopting: descriptor, receiveBuffer: settings.receiveBuffer)
            } else {
                socket = try DatagramSocket(
                    bindingTo: settings.listen, receiveBuffer: settings.receiveBuffer)
            }
            return Receiver(
                socket: socket,
                origin: FrameOrigin(
                    source: source, attributes: UInt16(settings.precision.rawValue)),
                allow: AddressFilter(networks: settings.allow),
                sink: RingSink(rings, drops: drops, first: index),
                datagramMax: min(settings.datagramLimit, rings[0].frameBytesMax))
        } catch {
            throw StartError(description: error.description, exitCode: EX_UNAVAILABLE)
        }
    }

    private static func tell(
        _ receiver: Receiver<RingSink>, _ settings: Configuration.Listener, isInherited: Bool,
        _ logger: Logger
    ) {
        logger.info(
            "listening on udp \(receiver.endpoint)",
            metadata: [
                "listener": "\(settings.name)", "precision": "\(settings.precision.name)",
                "socket": isInherited ? "handed over" : "own",
            ])
        if let complaint = receiver.receiveBuffer.complaint {
            logger.event(
                .receiveBufferSmall, .warning, "\(complaint)", ["listener": "\(settings.name)"])
        }
        if receiver.droppedBefore > 0 {
            logger.event(
                .kernelDrops, .warning,
                "the kernel had dropped datagrams before this start",
                ["listener": "\(settings.name)", "datagrams": "\(receiver.droppedBefore)"])
        }
    }
}
