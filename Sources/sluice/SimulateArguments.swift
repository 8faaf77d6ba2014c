import ArgumentParser
import Glibc
import Synchronization

/// A duration on the command line: a decimal number and one of ns us ms s min m h.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        let units: [(suffix: String, nanoseconds: Double)] = [
            ("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 60e9),
            ("m", 60e9), ("h", 3600e9),
        ]
        guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }) else { return nil }
        let number = argument.dropLast(unit.suffix.count)
        guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            let value = Double(number), value * unit.nanoseconds <= 9e18
        else { return nil }
        duration = .nanoseconds(Int64(value * unit.nanoseconds))
    }
}

/// Ctrl-C and SIGTERM as a question that a loop can ask, so that it ends with a report.
enum StopSignals {
    private static let requested = Atomic<Bool>(false)

    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    static func install() {
        // Set up now: in a signal handler it would be too late for a first time.
        _ = isRequested
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { _ in
                StopSignals.requested.store(true, ordering: .relaxed)
            }
            unsafe sigaction(number, &action, nil)
        }
    }
}
