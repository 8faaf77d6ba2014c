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

    func run() async throws {
        for listener in listeners {
            listener.start { [logger, onFailure, name = listener.name] error in
                logger.event(
                    .listenerFailed, .critical,
                    "a listener has failed, stopping: \(error.description)",
                    ["source": "\(name)"])
                onFailure()
            }
        }
        try? await gracefulShutdown()
        notify.send(.stopping, .status("stopping, writing what is in the ring"))
        logger.event(.stopping, .notice, "stopping: no more datagrams are taken")
        await withDiscardingTaskGroup { group in
            for listener in listeners { group.addTask { await listener.stop() } }
        }
    }
}
