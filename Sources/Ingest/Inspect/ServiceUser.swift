import Glibc

/// The user whom the service's files belong to.
package enum ServiceUser {
    /// Why root could not work as that user; one line.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Works as the owner of a file from here on, when root runs the command: a file that belonged
    /// to root would keep the daemon out. Does nothing for others, and where there is no such file.
    package static func become(ownerOf path: String) throws(Failure) {
        var status = stat()
        guard geteuid() == 0, unsafe stat(path, &status) == 0, status.st_uid != 0 else { return }
        var group = status.st_gid
        // In this order: without root's rights the groups could not be changed any more.
        guard unsafe setgroups(1, &group) == 0, setgid(group) == 0, setuid(status.st_uid) == 0
        else {
            let reason = unsafe String(cString: strerror(errno))
            throw Failure(
                description:
                    "cannot work as the owner of \(path) (user \(status.st_uid)): \(reason);"
                    + " run the command as that user")
        }
    }
}
