import Glibc

/// How often the service manager wants to hear that the daemon is alive.
///
/// - Returns: the time after which it kills a silent one, or `nil` when it does not watch this
///   process. Feed it at half of that or faster.
package func watchdogTimeout(
    environment: EnvironmentLookup = processEnvironment, processID: Int32 = getpid()
) -> Duration? {
    guard let text = environment("WATCHDOG_USEC"), let count = UInt64(text) else { return nil }
    guard count > 0, count <= UInt64(Int64.max) else { return nil }
    // The variables are inherited by children; only the process that is meant may answer.
    if let watched = environment("WATCHDOG_PID"), Int32(watched) != processID { return nil }
    return .microseconds(Int64(count))
}
