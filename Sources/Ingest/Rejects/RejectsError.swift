import Glibc

/// Why refused lines could not be kept or read: what happened, where, and what to do.
package struct RejectsError: Error, Equatable, CustomStringConvertible {
    let operation: String
    let path: String
    let code: Int32

    /// The last system call's error.
    init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var description: String {
        "\(operation) failed for \(path): \(unsafe String(cString: strerror(code)))\(advice)"
    }

    private var advice: String {
        switch code {
        case ENOSPC, EDQUOT: "; make room on the disk, or make rejects.size smaller"
        case EACCES, EPERM, EROFS: "; let this user write to rejects.directory, or name another"
        case ENOENT, ENOTDIR: "; make its folder, or name another as rejects.directory"
        case EWOULDBLOCK: "; another process holds its lock"
        default: ""
        }
    }
}
