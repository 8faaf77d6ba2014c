import Systemd
import Threads

/// A configured UDP listener at work: its receiver and its thread.
package final class Listener: Sendable {
    package let name: String
    let receiver: Receiver<RingSink>
    private let thread = Lock<PlainThread?>(nil)

    init(name: String, receiver: Receiver<RingSink>) {
        self.name = name
        self.receiver = receiver
    }

    /// Starts the thread, which ends after `stop`, or when the socket fails for good.
    ///
    /// - Parameter onFailure: called on that thread.
    func start(onFailure: @escaping @Sendable (SocketError) -> Void) {
        let started = PlainThread(name: "receive \(name)") { [receiver] in
            do throws(SocketError) {
                try receiver.run()
            } catch {
                onFailure(error)
            }
        }
        thread.withLock { $0 = started }
    }

    /// Asks the receiver to end, and waits until it has.
    func stop() async {
        receiver.stop()
        await thread.withLock { $0 }?.joinWhenEnded()
    }

    package var hasEnded: Bool { thread.withLock { $0 }?.hasEnded ?? false }
}

/// Hands the service manager's sockets to the listeners that they are meant for.
struct InheritedSockets {
    private var sockets: [ListenDescriptor]

    init(_ descriptors: [ListenDescriptor]) {
        sockets = descriptors
    }

    /// The socket named like the listener; where there is only one of each, that one.
    mutating func take(for listener: Configuration.Listener, isOnly: Bool) -> Int32? {
        let index =
            sockets.firstIndex { $0.name == listener.name }
            ?? (isOnly && sockets.count == 1 ? 0 : nil)
        return index.map { sockets.remove(at: $0).descriptor }
    }

    /// Sockets that no listener wanted.
    var left: [ListenDescriptor] { sockets }
}

extension Configuration.Listener {
    /// Bytes to receive at most: what the operator allows, or what UDP can carry.
    var datagramLimit: Int { min(datagramMax, ReceiveLimits.datagramMax) }
}
