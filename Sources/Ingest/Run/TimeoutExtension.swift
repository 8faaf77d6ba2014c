import Systemd
import Threads

/// Asks the service manager for more time while something takes long that moves: EXTEND_TIMEOUT_USEC
/// of sd_notify(3).
enum TimeoutExtension {
    /// What is asked for each time, from then on.
    static let length = Duration.seconds(10)
    /// How often it is asked.
    static let interval = Duration.seconds(1)
    /// How long a start may take at most: a disk that hangs must come to the manager's notice.
    static let startMax = Duration.seconds(900)

    /// Asks for as long as the start runs, on a thread of its own.
    static func whileStarting<Value, Failure: Error>(
        _ notify: Notify, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard notify.isConnected else { return try body() }
        let isOver = Lock(false)
        let deadline = ContinuousClock.now + startMax
        let thread = PlainThread(name: "extend") {
            repeat {
                notify.send(.extendTimeout(length), .status("starting, opening the ring"))
            } while !isOver.wait(atMost: interval, until: { $0 }) && .now < deadline
        }
        defer {
            isOver.withLock { $0 = true }
            isOver.wakeAll()
            thread.join()
        }
        return try body()
    }
}
