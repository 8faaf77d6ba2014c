import Logging
import ServiceLifecycle
import Systemd

/// Runs the receivers on threads of their own; the first to stop.
struct ReceiverService: Service {
    let listeners: [Listener]
    let notify: Notify
    let logger: Logger
    /// Called on a receiver's thread when its socket has failed for good.
    let onFailure: @Sendable () -> Void

    private static let look = Duration.milliseconds(10)

    func run() async throws {
        for listener in listeners {
            listener.start { [logger, onFailure] error in
                logger.error("a listener has failed, stopping: \(error.description)")
                onFailure()
            }
        }
        try? await gracefulShutdown()
        notify.send(.stopping, .status("stopping, writing what is in the ring"))
        logger.event(.stopping, .notice, "stopping: no more datagrams are taken")
        for listener in listeners { listener.stop() }
        while listeners.contains(where: { !$0.isEnded }) {
            try? await Task.sleep(for: Self.look)
        }
    }
}
