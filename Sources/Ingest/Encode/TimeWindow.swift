package import LineProtocol

/// Which timestamps are believed, for one source: asked once for each line that brings one.
///
/// A time is judged against the moment at which its datagram was received, not against the clock of
/// the moment: it may have waited in the ring for days. Trivial, and the common case is a handful of
/// comparisons.
package struct TimeWindow: Equatable, Sendable {
    package enum Verdict: Equatable, Sendable {
        case fine
        /// Later after the reception than allowed.
        case tooFarAhead
        /// Longer before the reception than allowed, or before the second day of 1970.
        case tooOld
        /// Not plausible as it is, and plausible to the year in another unit.
        case wrongUnit(Precision)
    }

    /// Nanoseconds; the largest number for no limit.
    let aheadMax: Int64
    /// Nanoseconds; the largest number for no limit.
    let ageMax: Int64

    /// - Parameters:
    ///   - aheadMax: how far a time may lie after the reception; zero for no limit.
    ///   - ageMax: how far a time may lie before the reception; zero for no limit.
    package init(aheadMax: Duration, ageMax: Duration) {
        self.aheadMax = Self.nanoseconds(aheadMax)
        self.ageMax = Self.nanoseconds(ageMax)
    }

    /// For sources that the configuration does not name.
    package static let standard = TimeWindow(
        aheadMax: Interval.parse(Setting.aheadMax.standard)!,
        ageMax: Interval.parse(Setting.ageMax.standard)!)

    /// Nothing before 1970-01-02T00:00:00Z is taken: there lies what was written in seconds, or in
    /// minutes, and taken for nanoseconds.
    static let firstTime: Int64 = 24 * hour
    /// A machine whose clock is before 2024-01-01T00:00:00Z has not set it yet, and cannot judge.
    static let clockIsSetFrom: Int64 = 1_704_067_200 * second
    /// What is at most so long before the reception is plausible in whatever unit it comes.
    static let plausibleAge: Int64 = 366 * 24 * hour
    /// What is at most so long after the reception is plausible in whatever unit it comes.
    static let plausibleAhead: Int64 = 24 * hour

    static let second: Int64 = 1_000_000_000
    private static let hour = 3_600 * second

    /// - Parameters:
    ///   - time: the line's own, in nanoseconds since 1970.
    ///   - precision: the unit that its digits were taken for.
    ///   - receivedAt: nanoseconds since 1970.
    @inline(__always)
    package func check(_ time: Int64, in precision: Precision, receivedAt: Int64) -> Verdict {
        // A time of at least a 32nd of the reception's, both since 1970, is plausible in no other unit:
        // any other one makes it 60 times as long, or as short.
        let isUnitSure =
            time >= receivedAt &>> 5 && time <= receivedAt &+ Self.plausibleAhead
        if _fastPath(isUnitSure && receivedAt >= Self.clockIsSetFrom) {
            // Both are after the second day of 1970: nothing overflows.
            if time - receivedAt > aheadMax { return .tooFarAhead }
            return receivedAt - time > ageMax ? .tooOld : .fine
        }
        return checkSeldom(time, in: precision, receivedAt: receivedAt)
    }

    @inline(never)
    private func checkSeldom(
        _ time: Int64, in precision: Precision, receivedAt: Int64
    ) -> Verdict {
        guard receivedAt >= Self.clockIsSetFrom else {
            return time < Self.firstTime ? .tooOld : .fine
        }
        let digits = time / precision.unitNanoseconds
        if let unit = Self.plausibleUnit(of: digits, receivedAt: receivedAt) {
            return .wrongUnit(unit)
        }
        if time < Self.firstTime { return .tooOld }
        // No two times from 1970 on are too far apart to be subtracted.
        if time - receivedAt > aheadMax { return .tooFarAhead }
        return receivedAt - time > ageMax ? .tooOld : .fine
    }

    /// The unit in which a timestamp lies about the time of its reception.
    ///
    /// Two units are never plausible at once: they differ by a factor of 60 at least.
    static func plausibleUnit(of digits: Int64, receivedAt: Int64) -> Precision? {
        guard receivedAt >= clockIsSetFrom else { return nil }
        return Precision.allCases.first { unit in
            let (time, isOverflow) = digits.multipliedReportingOverflow(by: unit.unitNanoseconds)
            return !isOverflow && isPlausible(time, receivedAt)
        }
    }

    /// Whether a time lies about the reception, which counts from 1970.
    @inline(__always)
    private static func isPlausible(_ time: Int64, _ receivedAt: Int64) -> Bool {
        // A clock that is not set, or anything that a damaged ring gives, must not trap.
        time >= receivedAt &- plausibleAge && time <= receivedAt &+ plausibleAhead
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        guard duration > .zero else { return .max }
        let (seconds, attoseconds) = duration.components
        let (whole, isOverflow) = seconds.multipliedReportingOverflow(by: second)
        return isOverflow ? .max : whole + attoseconds / 1_000_000_000
    }
}
