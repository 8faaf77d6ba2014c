import Glibc

/// Why a file could not be read: what happened, where, and what to do.
package struct FileError: Error, Equatable, CustomStringConvertible {
    /// What was tried: `open`, `read`, `decompress`.
    package let operation: String
    /// The file's name as `visibleName` shows it.
    package let path: String
    /// The system call's `errno`.
    package let code: Int32

    /// - Parameters:
    ///   - path: fit for a terminal, see `visibleName`.
    ///   - code: by default what the call has just left.
    package init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var description: String {
        "\(path): \(operation) failed: \(errorText(code))\(advice)"
    }

    /// What the system says.
    package var reason: String { errorText(code) }

    private var advice: String {
        switch code {
        case EACCES, EPERM:
            "; let the user of this process (uid \(geteuid())) read it and search its folders"
        case ENOENT, ENOTDIR: "; check its name"
        case EISDIR: "; name a file and not a folder"
        case EMFILE: "; let this process open more files (LimitNOFILE=, ulimit -n)"
        case ENFILE: "; let the machine open more files (sysctl fs.file-max)"
        case EXDEV: "; choose a folder on the same file system"
        case EIO: "; the disk or its connection fails: look at the kernel's log"
        case ESTALE: "; the file server lost it: try again"
        case ENOMEM:
            "; a file takes up to \(FilesLimits.streamBytesMax >> 20) MiB: read fewer at a time"
        default: ""
        }
    }
}

private func errorText(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}

/// Runs a system call again as long as a signal interrupts it.
@inline(__always)
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
