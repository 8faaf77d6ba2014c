import Logging
import ServiceLifecycle
import Systemd
import Threads
import UnixSignals

/// Takes up a changed configuration at SIGHUP, as far as a running daemon can.
struct ReloadService: Service {
    let signals: UnixSignalsSequence
    let path: String
    let current: Lock<Configuration>
    let pipeline: Pipeline
    let output: LogOutput
    let notify: Notify
    let logger: Logger

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            notify.send(.reloading)
            reload()
            notify.send(.ready)
        }
    }

    private func reload() {
        let new: Configuration
        do throws(ConfigurationError) {
            new = try Configuration.load(path: path)
        } catch {
            for line in error.lines { logger.event(.reloadFailed, .error, "not reloaded: \(line)") }
            return
        }
        let old = current.withLock { $0 }
        let left = Configuration.changesNeedingRestart(from: old, to: new)
        let next = old.reloaded(with: new)
        current.withLock { $0 = next }
        output.level.level = next.log.level
        for lane in pipeline.lanes { lane.reconfigure(next) }
        for listener in pipeline.listeners {
            guard let settings = next.listeners.first(where: { $0.name == listener.name }) else {
                continue
            }
            listener.receiver.replaceAllow(AddressFilter(networks: settings.allow))
        }
        for change in left {
            logger.event(.reloaded, .warning, "needs a restart: \(change)")
        }
        logger.event(.reloaded, .notice, "the configuration was taken up", ["path": "\(path)"])
    }
}
