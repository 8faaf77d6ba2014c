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
    /// `nil` where no files are read.
    let files: FileReading?
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
        let toldNames = ToldNames()
        let drops = DropLedger()
        var found: [FilesInRing] = []
        for number in Self.laneNumbers(configuration) {
            let (ring, frames) = try Self.openRing(number, configuration, logger)
            recovered += UInt64(frames)
            LedgerReconciliation.perform(ring)
            let lane = Lane(
                number: number, ring: ring, configuration: configuration, drops: drops,
                toldNames: toldNames)
            found.append(FilesInRing(ring))
            // Also where no files are read any more.
            if !found.last!.entries.isEmpty { lane.expectFiles() }
            lanes.append(lane)
        }
        files = try Self.openFiles(configuration, lanes, found, logger)
        listeners = try Self.openListeners(
            // Lanes of before are written, and get nothing more.
            configuration, lanes.prefix(configuration.ring.lanes).map(\.ring), drops, inherited,
            logger)
        self.lanes = lanes
        self.drops = drops
        recoveredFrames = recovered
    }

    private static func openFiles(
        _ configuration: Configuration, _ lanes: [Lane], _ found: [FilesInRing], _ logger: Logger
    ) throws(StartError) -> FileReading? {
        guard !configuration.files.isEmpty else { return nil }
        do throws(RingError) {
            return try FileReading(
                configuration.files, lanes: lanes, feeding: configuration.ring.lanes, found: found,
                logger: logger)
        } catch {
            throw StartError(description: error.description, exitCode: EX_CANTCREAT)
        }
    }

    private static func openListeners(
        _ configuration: Configuration, _ rings: [Ring], _ drops: DropLedger,
        _ inherited: [ListenDescriptor], _ logger: Logger
    ) throws(StartError) -> [Listener] {
        var sockets = InheritedSockets(inherited)
        let isOnly = configuration.listeners.count == 1
        let descriptors = configuration.listeners.map { sockets.take(for: $0, isOnly: isOnly) }
        // Before anything is bound: a socket that nobody takes often holds the very port.
        tell(sockets.left, logger)
        var listeners: [Listener] = []
        for (index, settings) in configuration.listeners.enumerated() {
            let descriptor = descriptors[index]
            let receiver = try openReceiver(settings, descriptor, rings, drops, index)
            tell(receiver, settings, isInherited: descriptor != nil, logger)
            listeners.append(Listener(name: settings.name, receiver: receiver))
        }
        return listeners
    }

    private static func tell(_ left: [ListenDescriptor], _ logger: Logger) {
        for socket in left {
            logger.warning(
                "a socket was handed over that no [[udp]] takes: its name is no listener's, or another socket has the same one; it is left alone",
                metadata: ["name": "\(socket.name)"])
        }
    }

    private static func openReceiver(
        _ settings: Configuration.Listener, _ descriptor: Int32?, _ rings: [Ring],
        _ drops: DropLedger, _ index: Int
    ) throws(StartError) -> Receiver<RingSink> {
        // Rings with different histories know the name by different indexes.
        var sources: [UInt16] = []
        do throws(RingError) {
            for ring in rings { sources.append(try ring.register(source: settings.name)) }
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
                    source: sources[0], attributes: UInt16(settings.precision.rawValue)),
                allow: AddressFilter(networks: settings.allow),
                sink: RingSink(rings, sources: sources, drops: drops, first: index),
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
        if isInherited, settings.listen != receiver.endpoint {
            logger.warning(
                "the socket that was handed over is bound elsewhere than udp.listen says; its own address holds",
                metadata: [
                    "listener": "\(settings.name)", "socket": "\(receiver.endpoint)",
                    "configured": "\(settings.listen)",
                ])
        }
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
