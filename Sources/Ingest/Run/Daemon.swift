import Glibc
import Logging
import Ring
import ServiceLifecycle
import Systemd
import Threads
import UnixSignals

/// `sluice run`: the pipeline with everything around it, from start to stop.
package struct Daemon {
    private let configuration: Configuration
    private let inherited: [ListenDescriptor]
    private let path: String
    private let output: LogOutput
    private let logger: Logger

    /// - Parameter path: where the configuration came from, for reloads.
    package init(_ configuration: Configuration, path: String, output: LogOutput) {
        inherited = listenDescriptors()
        self.configuration = configuration.named(after: Self.names(inherited))
        self.path = path
        self.output = output
        logger = output.logger()
    }

    /// Those that socket units gave.
    private static func names(_ inherited: [ListenDescriptor]) -> [String] {
        inherited.filter { $0.storedName == nil }.map(\.name)
    }

    /// Runs until SIGTERM or SIGINT, or until a socket fails for good.
    ///
    /// - Returns: the exit code.
    package func run() async throws(Pipeline.StartError) -> Int32 {
        let notify = Notify()
        logger.event(
            .started, .info, "starting",
            ["configuration": "\(path)", "process": "\(getpid())"])
        // The sockets of a broken pipe to journald or the database are errors, not deaths.
        signal(SIGPIPE, SIG_IGN)
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        // After a crash of the machine a large ring is read through.
        let pipeline = try TimeoutExtension.whileStarting(notify) {
            () throws(Pipeline.StartError) in
            try Pipeline(
                configuration, inherited: inherited, notify: notify, logger: logger)
        }
        let isSound = await serve(pipeline, Lock(configuration), hangups, notify)
        finish(pipeline)
        return isSound ? EX_OK : EX_IOERR
    }

    /// - Returns: whether it ended because it was asked to.
    private func serve(
        _ pipeline: Pipeline, _ current: Lock<Configuration>, _ hangups: UnixSignalsSequence,
        _ notify: Notify
    ) async -> Bool {
        let failure = Failure()
        let board = StatusBoard("starting", pipeline.snapshot())
        let names = Self.names(inherited)
        let reloading = Reloading(
            load: { () throws(ConfigurationError) in
                try Configuration.load(path: path).named(after: names)
            },
            current: current, pipeline: pipeline, output: output, notify: notify, logger: logger)
        let services: [any Service] = [
            ReporterService(
                pipeline: pipeline, notify: notify, clock: ContinuousClock(),
                interval: { current.withLock { $0.status.interval } },
                answerTimeout: { current.withLock { $0.database.answerTimeout } },
                board: board, logger: logger),
            ControlService(
                path: ControlSocket.path(of: configuration),
                answer: { $0.answer(board, reloading) }, logger: logger),
            ReloadService(signals: hangups, reloading: reloading),
            SyncService(
                rings: pipeline.lanes.map(\.ring), interval: configuration.ring.sync,
                progress: pipeline.sync,
                logger: logger),
            WriterService(
                lanes: pipeline.lanes, drain: { current.withLock { $0.batch.drain } },
                notify: notify, logger: logger),
            FilesService(reading: pipeline.files),
            ReceiverService(
                listeners: pipeline.listeners, notify: notify, logger: logger,
                onFailure: { failure.trigger() }),
        ]
        var quiet = logger
        quiet.logLevel = .error
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        failure.onTrigger { Task { await group.triggerGracefulShutdown() } }
        do {
            try await group.run()
        } catch {
            logger.event(.partFailed, .error, "a part has failed, stopping: \(error)")
            return false
        }
        return !failure.isTriggered
    }

    /// The last words, and the rings closed in order.
    private func finish(_ pipeline: Pipeline) {
        let last = pipeline.snapshot()
        for view in last.imbalances { view.tellImbalance(logger) }
        logger.event(.stopped, .notice, "stopped", Summary.metadata(last))
        // A writer that is still in a call to the database may touch its ring: leave it mapped.
        for lane in pipeline.lanes where lane.hasStopped {
            do throws(RingError) {
                try lane.ring.close()
            } catch {
                logger.event(
                    .ringNotSynced, .error, "the ring could not be closed: \(error.description)")
            }
        }
    }
}

extension ControlRequest {
    fileprivate func answer(_ board: StatusBoard, _ reloading: Reloading) -> ControlAnswer {
        switch self {
        case .reload: return reloading.perform()
        case .status: return ControlAnswer(isDone: true, lines: board.latest.lines)
        case .statusJSON: return ControlAnswer(isDone: true, lines: [board.latest.json])
        }
    }
}

/// Ends the daemon from a thread that cannot go on. Set up before any thread runs.
private final class Failure: Sendable {
    private let state = Lock<(isTriggered: Bool, action: (@Sendable () -> Void)?)>((false, nil))

    var isTriggered: Bool { state.withLock { $0.isTriggered } }

    func onTrigger(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.action = action }
    }

    func trigger() {
        let action = state.withLock { state in
            state.isTriggered = true
            return state.action
        }
        action?()
    }
}
