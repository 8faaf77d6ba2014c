import ServiceLifecycle
import UnixSignals

/// Reloads at SIGHUP.
struct ReloadService: Service {
    let signals: UnixSignalsSequence
    let reloading: Reloading

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() { _ = reloading.perform() }
    }
}
