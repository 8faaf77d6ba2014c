import Glibc

/// When the lines of a steady stream are due. Times are nanoseconds of the monotonic clock.
struct Pace {
    /// Lines per second; nil for as fast as it goes.
    let rate: Double?
    let start: Int64

    /// How many lines are due by `now`; the first one at the very start.
    func linesDue(by now: Int64) -> Int {
        guard let rate else { return .max }
        return Int(Double(now - start) / 1e9 * rate) + 1
    }

    /// When the line after `count` others is due.
    func time(ofLine count: Int) -> Int64 {
        guard let rate else { return start }
        return start + Int64((Double(count) / rate * 1e9).rounded(.up))
    }

    /// Nanoseconds between two lines.
    var step: Double { rate.map { 1e9 / $0 } ?? 0 }

    static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Sleeps until `due`, but not for long and never for next to nothing.
    static func sleep(until due: Int64, from now: Int64) {
        let end = min(max(due, now + SimulateLimits.sleepMin), now + SimulateLimits.sleepMax)
        var time = timespec(
            tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
        // A signal ends it early, which is just right: the caller looks around and comes back.
        unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
    }
}
