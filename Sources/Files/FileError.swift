import Glibc

/// A system call on a file that failed.
package struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    package let operation: String
    /// The file, fit to be shown; empty where the caller names it.
    package let path: String
    /// errno(3).
    package let code: Int32

    /// - Parameter code: by default what the call has just left.
    package init(_ operation: String, _ path: String = "", code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// What happened, where, and what to do, on one line.
    package var description: String {
        let place = path.isEmpty ? "" : "\(path): "
        return "\(place)\(operation) failed: \(reason)\(advice)"
    }

    /// What the system says.
    package var reason: String { unsafe String(cString: strerror(code)) }

    private var advice: String {
        switch code {
        case EACCES, EPERM: "; let the user that this runs as read it, and the folders above it"
        case EMFILE: "; raise the limit of open files (LimitNOFILE= in the unit)"
        case EISDIR: "; name the files in it"
        case EXDEV: "; choose a folder on the same file system"
        case ENOSPC: "; make room"
        default: ""
        }
    }
}

/// Runs a system call again as long as a signal interrupts it.
@inline(__always)
package func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
