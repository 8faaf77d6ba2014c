import Logging
import ServiceLifecycle
import Systemd

/// The daemon's voice: readiness, watchdog, the status line, the summary, and the alarms.
struct ReporterService<C: Clock<Duration>>: Service {
    let pipeline: Pipeline
    let notify: Notify
    let clock: C
    /// Time between two summaries.
    let interval: @Sendable () -> Duration
    /// How long the database may leave a call unanswered.
    let answerTimeout: @Sendable () -> Duration
    let board: StatusBoard
    let logger: Logger

    func run() async throws {
        notify.send(.ready, .status("ready"))
        logger.event(.ready, .notice, "ready")
        let watchdog = watchdogTimeout()
        let turnMax = min(IngestLimits.statusInterval, (watchdog ?? .seconds(60)) / 4)
        // Told last to stop, so that it speaks, and feeds the watchdog, while the rings are drained.
        await cancelWhenGracefulShutdown { await report(turnMax, watchdog) }
    }

    private func report(_ turnMax: Duration, _ watchdog: Duration?) async {
        var last = pipeline.snapshot()
        var alarms = Alarms(logger: logger)
        var stalls = StallDetector(limit: watchdog.map { $0 / 2 } ?? IngestLimits.stallTime)
        var answers = AnswerWatch()
        var window = GrowthWindow()
        var summarised = last
        var cadence = Cadence(turnMax: turnMax, start: last.time)
        while (try? await clock.sleep(for: cadence.turn(of: interval()))) != nil {
            let now = pipeline.snapshot()
            for change in answers.look(now) { tell(change) }
            let limit = answerTimeout()
            for lane in answers.overdue(limit, at: now.time) {
                pipeline.lanes[lane].giveUpConnection(after: limit)
            }
            window.add(now)
            let text = StatusLine.text(now, since: last, window, waiting: answers.longest)
            notify.send(.status(text))
            board.put(text, now)
            let changes = stalls.look(now) { answers.isStuck(lane: $0, limit, at: now.time) }
            for change in changes { tell(change, isWatched: watchdog != nil) }
            if watchdog != nil, !stalls.isAnyStalled { notify.send(.watchdog) }
            alarms.tell(now)
            if cadence.isSummaryDue(at: now.time, every: interval()) {
                summarise(now, since: &summarised)
            }
            last = now
        }
        alarms.tell(pipeline.snapshot(), isLast: true)
    }

    private func tell(_ change: StallDetector.Change, isWatched: Bool) {
        switch change {
        case .stalled(let stage):
            let consequence =
                isWatched && stage != StallDetector.sync
                ? "; the watchdog is not fed until it does" : ""
            logger.event(
                .stageStalled, .error, "a stage does not move\(consequence)",
                ["stage": "\(stage)"])
        case .moves(let stage, let time):
            logger.event(
                .stageStalled, .notice, "the stage moves again",
                ["stage": "\(stage)", "duration": "\(time.fieldText)"])
        }
    }

    private func tell(_ change: AnswerWatch.Change) {
        switch change {
        case .slow(let lane, let time):
            logger.event(
                .databaseSlow, .warning,
                "the database does not answer; readings are kept in the ring",
                ["lane": "\(lane)", "duration": "\(time.fieldText)"])
        case .over(let lane, let time):
            logger.event(
                .databaseSlow, .notice, "the wait for the database's answer is over",
                ["lane": "\(lane)", "duration": "\(time.fieldText)"])
        }
    }

    /// One line when anything has happened since the last one.
    private func summarise(_ now: Snapshot, since last: inout Snapshot) {
        let hasNews =
            now.received != last.received || now.outcome != last.outcome
            || now.lanes.contains { $0.report.state.isTrouble }
        guard hasNews else { return }
        logger.event(
            .summary, .info, "\(StatusLine.text(now, since: last))", Summary.metadata(now))
        last = now
    }
}

/// When the reporter looks, and when it sums up. The interval may change at every turn.
struct Cadence {
    private let turnMax: Duration
    private var summarised: ContinuousClock.Instant

    init(turnMax: Duration, start: ContinuousClock.Instant) {
        self.turnMax = turnMax
        summarised = start
    }

    /// The longest time that goes into the interval without a rest: a shorter last turn would
    /// make rates of a few datagrams.
    func turn(of interval: Duration) -> Duration {
        interval / max(1, (interval / turnMax).rounded(.up))
    }

    mutating func isSummaryDue(
        at time: ContinuousClock.Instant, every interval: Duration
    ) -> Bool {
        guard time - summarised >= interval else { return false }
        summarised = time
        return true
    }
}
