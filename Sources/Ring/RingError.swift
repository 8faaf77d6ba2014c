import Glibc

/// Why a ring could not be opened or used: what happened, where, and what to do.
package enum RingError: Error, Equatable, CustomStringConvertible {
    /// A system call failed.
    case system(operation: String, path: String, code: Int32)
    /// The disk cannot hold the whole ring.
    case diskFull(path: String, bytes: Int)
    /// Another process has it, or this one has it open already.
    case locked(path: String, holder: Int32?)
    /// The file is something else. It was not touched.
    case notARing(path: String, reason: String)
    /// Another version of the format. The file was not touched.
    case unsupportedVersion(path: String, version: UInt32)
    /// The unchanging part of the header, or all marks of a kind, are beyond repair.
    case damagedHeader(path: String, part: String)
    /// The file is longer than its header says. It was not touched.
    case wrongSize(path: String, expected: Int, actual: Int)
    /// Bytes at the file's end are missing. Opening the ring fills them up and keeps what is left.
    case truncated(path: String, expected: Int, actual: Int)
    /// What is in the ring does not fit the wished capacity.
    case tooSmall(path: String, capacity: Int, needed: Int)
    /// The wished capacity is outside the limits.
    case capacityOutOfRange(Int)
    /// The position is not where a frame begins.
    case notABoundary(position: UInt64, tail: UInt64, head: UInt64)
    /// No room for another source's name.
    case registryFull(name: String)
    /// A source's name is empty or too long.
    case invalidSourceName(String)

    /// What is wrong with a file, without its path and without advice.
    package var reason: String {
        switch self {
        case .notARing(_, let reason): "not a ring: \(reason)"
        case .unsupportedVersion(_, let version):
            "format version \(version), this program knows \(Layout.version)"
        case .damagedHeader(_, let part): "both copies of the \(part) are damaged"
        case .wrongSize(_, let expected, let actual):
            "\(actual) bytes long, its header says \(expected)"
        default: description
        }
    }

    package var description: String {
        switch self {
        case .system(let operation, let path, let code):
            "ring \(path): \(operation) failed: \(errorText(code))"
        case .diskFull(let path, let bytes):
            "ring \(path): the disk has no room for \(bytes) bytes; "
                + "free some space or make ring.size smaller"
        case .locked(let path, let holder?):
            "ring \(path): in use by process \(holder); stop it first"
        case .locked(let path, nil):
            "ring \(path): in use by another process; stop it first"
        case .notARing(let path, let reason):
            "\(path) is not a ring (\(reason)); it was left as it is: move it away or name another"
        case .unsupportedVersion(let path, _):
            "ring \(path): \(reason); drain it with the program that wrote it, or move it away"
        case .damagedHeader(let path, _):
            "ring \(path): \(reason); move the file away and keep it"
        case .wrongSize(let path, _, _):
            "ring \(path): \(reason); it was left as it is: move it away or restore it"
        case .truncated(let path, let expected, let actual):
            "ring \(path): \(expected - actual) of \(expected) bytes are missing at its end; "
                + "the next start keeps the frames that are left"
        case .tooSmall(let path, let capacity, let needed):
            "ring \(path): it holds readings that need \(needed) bytes, \(capacity) are too few; "
                + "let it run emptier first, or make ring.size larger"
        case .capacityOutOfRange(let bytes):
            "ring size \(bytes) is outside \(RingLimits.capacityMin) to \(RingLimits.capacityMax) "
                + "bytes; change ring.size"
        case .notABoundary(let position, let tail, let head):
            "position \(position) is not the end of a frame between \(tail) and \(head); "
                + "the database speaks of another ring or was changed by hand"
        case .registryFull(let name):
            "no room for the source \"\(name)\": a ring knows at most "
                + "\(RingLimits.sourceCountMax) names; use fewer names"
        case .invalidSourceName(let name):
            "the source name \"\(name)\" must have 1 to \(RingLimits.sourceNameBytesMax) bytes"
        }
    }
}

private func errorText(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}
