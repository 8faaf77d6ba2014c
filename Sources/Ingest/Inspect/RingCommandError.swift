import Glibc
import Ring

/// Why a command could not look at a ring or change it; one line, and the exit code of sysexits(3).
package struct RingCommandError: Error, CustomStringConvertible, Sendable {
    package let description: String
    package let exitCode: Int32

    /// While reading: what is no ring is missing input, what is a broken one is bad data.
    init(reading error: RingError) {
        description = error.description
        exitCode =
            switch error {
            case .damagedHeader, .wrongSize, .truncated: EX_DATAERR
            default: EX_NOINPUT
            }
    }

    /// While changing it.
    init(changing error: RingError) {
        description = error.description
        exitCode =
            switch error {
            case .capacityOutOfRange: EX_USAGE
            case .notARing, .unsupportedVersion: EX_NOINPUT
            case .system(_, _, ENOENT): EX_NOINPUT
            default: EX_IOERR
            }
    }
}
