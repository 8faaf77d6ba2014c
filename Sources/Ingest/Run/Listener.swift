import Systemd
import Threads

/// A configured UDP listener at work: a receiver and a thread for each of its sockets.
///
/// The service manager may hand several over for one listener: one for each of its addresses, or
/// several at one address that the kernel spreads the senders over (`ReusePort=`).
package final class Listener: Sendable {
    package let name: String
    let receivers: [Receiver<RingSink>]
    private let threads = Lock<[PlainThread]>([])

    /// - Parameter receivers: at least one.
    init(name: String, receivers: [Receiver<RingSink>]) {
        self.name = name
        self.receivers = receivers
    }

    /// Starts the threads, which end after `stop`, or when a socket fails for good.
    ///
    /// - Parameter onFailure: called on such a thread.
    func start(onFailure: @escaping @Sendable (SocketError) -> Void) {
        let started = receivers.map { receiver in
            PlainThread(name: "receive \(name)") {
                do throws(SocketError) {
                    try receiver.run()
                } catch {
                    onFailure(error)
                }
            }
        }
        threads.withLock { $0 = started }
    }

    /// Asks the receivers to end, and waits until they have.
    func stop() async {
        for receiver in receivers { receiver.stop() }
        for thread in threads.withLock({ $0 }) { await thread.joinWhenEnded() }
    }

    /// What became of everything so far.
    var tally: ReceiveTally { receivers.reduce(into: ReceiveTally()) { $0 += $1.tally } }

    /// Each receiver's progress, in the order of the sockets.
    var stages: [Snapshot.ReceiverState] {
        let threads = threads.withLock { $0 }
        return receivers.enumerated().map { index, receiver in
            Snapshot.ReceiverState(
                turns: receiver.turns,
                hasEnded: index < threads.count && threads[index].hasEnded)
        }
    }
}

extension Configuration.Listener {
    /// Bytes to receive at most: what the operator allows, or what UDP can carry.
    var datagramLimit: Int { min(datagramMax, ReceiveLimits.datagramMax) }
}
