import Logging
import Systemd
import Threads

/// Takes up a changed configuration as far as a running daemon can, one reload at a time.
final class Reloading: Sendable {
    private let load: @Sendable () throws(ConfigurationError) -> Configuration
    private let current: Lock<Configuration>
    private let pipeline: Pipeline
    private let output: LogOutput
    private let notify: Notify
    private let logger: Logger
    private let turn = Lock(())

    /// - Parameters:
    ///   - load: reads the configuration as it is now.
    ///   - current: what is in force; replaced by what is taken up.
    init(
        load: @escaping @Sendable () throws(ConfigurationError) -> Configuration,
        current: Lock<Configuration>, pipeline: Pipeline, output: LogOutput,
        notify: Notify, logger: Logger
    ) {
        self.load = load
        self.current = current
        self.pipeline = pipeline
        self.output = output
        self.notify = notify
        self.logger = logger
    }

    /// Reloads, and says so to the service manager and in the log.
    ///
    /// - Returns: what is wrong with the new configuration, in which case the old one stays, or what
    ///   it takes a restart for.
    func perform() -> ControlAnswer {
        turn.withLock { _ in
            notify.send(.reloading)
            defer { notify.send(.ready) }
            do throws(ConfigurationError) {
                let left = take(try load())
                return ControlAnswer(isDone: true, lines: left.map { "needs a restart: \($0)" })
            } catch {
                for line in error.lines {
                    logger.event(.reloadFailed, .error, "not reloaded: \(line)")
                }
                return ControlAnswer(isDone: false, lines: error.lines)
            }
        }
    }

    /// - Returns: the changes that take a restart.
    private func take(_ new: Configuration) -> [String] {
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
            for receiver in listener.receivers {
                receiver.replaceAllow(AddressFilter(networks: settings.allow))
            }
        }
        for change in left {
            logger.event(.reloaded, .warning, "needs a restart: \(change)")
        }
        logger.event(.reloaded, .notice, "the configuration was taken up")
        return left
    }
}
