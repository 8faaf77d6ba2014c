/// The unit of the timestamps in a payload.
package enum Precision: UInt8, CaseIterable, Sendable {
    case nanoseconds, microseconds, milliseconds, seconds, minutes, hours

    /// Reads the short name that configuration and command line use.
    package init?(_ name: String) {
        guard let found = Precision.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// `ns`, `us`, `ms`, `s`, `m` or `h`.
    package var name: String {
        switch self {
        case .nanoseconds: "ns"
        case .microseconds: "us"
        case .milliseconds: "ms"
        case .seconds: "s"
        case .minutes: "m"
        case .hours: "h"
        }
    }

    /// How many nanoseconds one unit has.
    @inlinable
    package var unitNanoseconds: Int64 {
        switch self {
        case .nanoseconds: 1
        case .microseconds: 1_000
        case .milliseconds: 1_000_000
        case .seconds: 1_000_000_000
        case .minutes: 60_000_000_000
        case .hours: 3_600_000_000_000
        }
    }
}
