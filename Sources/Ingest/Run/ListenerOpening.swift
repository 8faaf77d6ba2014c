import Glibc
import LineProtocol
import Logging
import Ring
import Systemd

/// Opens the listeners' sockets, or takes up those that the service manager has for them.
struct ListenerOpening {
    /// Where their datagrams go.
    let rings: [Ring]
    let drops: DropLedger
    let landings: Landings
    let notify: Notify
    let logger: Logger

    func perform(
        _ all: [Configuration.Listener], _ inherited: [ListenDescriptor]
    ) throws(Pipeline.StartError) -> [Listener] {
        var sockets = InheritedSockets(inherited)
        let opened = all.map { sockets.take(for: $0, isOnly: all.count == 1) }
        let stored = zip(all, opened).map { listener, opened in
            opened.isEmpty ? sockets.takeStored(for: listener) : nil
        }
        // Before anything is bound: a socket that nobody takes often holds the very port.
        tell(sockets.left)
        for name in sockets.closeStored() { notify.send(.forgetDescriptor(name)) }
        var listeners: [Listener] = []
        for (index, settings) in all.enumerated() {
            let sources = try register(settings.name)
            var receivers: [Receiver<RingSink>] = []
            for socket in opened[index] {
                receivers.append(
                    try receiver(settings, sources, first: index + receivers.count) {
                        () throws(SocketError) in
                        try DatagramSocket(
                            adopting: socket.descriptor, receiveBuffer: settings.receiveBuffer)
                    })
            }
            if receivers.isEmpty {
                receivers = [try own(settings, sources, stored[index], first: index)]
            }
            for receiver in receivers { tell(receiver, settings) }
            tellElsewhere(receivers, settings)
            listeners.append(Listener(name: settings.name, receivers: receivers))
        }
        return listeners
    }

    /// Rings with different histories know the name by different indexes.
    private func register(_ name: String) throws(Pipeline.StartError) -> [UInt16] {
        var sources: [UInt16] = []
        do throws(RingError) {
            for ring in rings { sources.append(try ring.register(source: name)) }
        } catch {
            throw Pipeline.StartError(description: error.description, exitCode: EX_CANTCREAT)
        }
        return sources
    }

    /// A receiver for the socket that a former process has bound, or for a new one.
    private func own(
        _ settings: Configuration.Listener, _ sources: [UInt16], _ stored: ListenDescriptor?,
        first: Int
    ) throws(Pipeline.StartError) -> Receiver<RingSink> {
        let receiver = try receiver(settings, sources, first: first) {
            () throws(SocketError) in
            if let stored {
                try DatagramSocket(
                    adopting: stored.descriptor, ownership: .own,
                    receiveBuffer: settings.receiveBuffer)
            } else {
                try DatagramSocket(
                    bindingTo: settings.listen, receiveBuffer: settings.receiveBuffer)
            }
        }
        if stored == nil {
            receiver.withDescriptor {
                _ = notify.store($0, as: StoredDescriptorName(settings.listen))
            }
        }
        return receiver
    }

    private func receiver(
        _ settings: Configuration.Listener, _ sources: [UInt16], first: Int,
        _ open: () throws(SocketError) -> DatagramSocket
    ) throws(Pipeline.StartError) -> Receiver<RingSink> {
        let origin = FrameOrigin(
            source: sources[0], attributes: UInt16(settings.precision.rawValue))
        do throws(SocketError) {
            return Receiver(
                socket: try open(), origin: origin,
                allow: AddressFilter(networks: settings.allow),
                sink: RingSink(rings, sources: sources, drops: drops, first: first),
                landing: landings.make(
                    datagramMax: min(settings.datagramLimit, rings[0].frameBytesMax),
                    origin: origin, source: settings.name))
        } catch {
            throw Pipeline.StartError(description: error.description, exitCode: EX_UNAVAILABLE)
        }
    }

    private func tell(_ left: [ListenDescriptor]) {
        for socket in left {
            logger.event(
                .socketUnused, .warning,
                "a socket was handed over that no [[udp]] takes: nobody reads what it gets; give a listener the name in FileDescriptorName=",
                ["name": "\(socket.name)"])
        }
    }

    private func tell(_ receiver: Receiver<RingSink>, _ settings: Configuration.Listener) {
        logger.event(
            .listening, .info, "listening on udp \(receiver.endpoint)",
            [
                "source": "\(settings.name)", "precision": "\(settings.precision.name)",
                "socket": receiver.ownership == .handedOver ? "handed over" : "own",
            ])
        if let complaint = receiver.receiveBuffer.complaint {
            logger.event(
                .receiveBufferSmall, .warning, "\(complaint)", ["source": "\(settings.name)"])
        }
        if receiver.droppedBefore > 0 {
            logger.event(
                .kernelDrops, .warning,
                "the kernel had dropped datagrams before this start",
                ["source": "\(settings.name)", "datagrams": "\(receiver.droppedBefore)"])
        }
    }

    private func tellElsewhere(
        _ receivers: [Receiver<RingSink>], _ settings: Configuration.Listener
    ) {
        guard settings.isListenGiven, receivers.allSatisfy({ $0.ownership == .handedOver }),
            !receivers.contains(where: { $0.endpoint.takesAll(of: settings.listen) })
        else { return }
        logger.event(
            .socketElsewhere, .warning,
            "the socket that was handed over is bound elsewhere than udp.listen says; its own address holds",
            [
                "source": "\(settings.name)", "configured": "\(settings.listen)",
                "socket": "\(receivers.map { "\($0.endpoint)" }.joined(separator: " "))",
            ])
    }
}

extension Endpoint {
    /// Whether a socket that a socket unit has bound here gets what is sent there: its sockets at all
    /// addresses of version 6 take version 4 as well.
    func takesAll(of other: Endpoint) -> Bool {
        self == other
            || port == other.port && address == IPAddress(high: 0, low: 0)
                && other.address == IPAddress(version4: 0)
    }
}
