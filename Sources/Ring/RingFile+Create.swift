import CLinux
import Glibc

/// Makes files, and gives them room and names.
extension RingFile {
    /// What a file is called until it is whole.
    private static let temporarySuffix = ".creating"

    /// Makes a file of its full size under a temporary name, locked; `prepare` fills it. Only a
    /// whole ring ever gets the final name.
    ///
    /// - Parameter isReplacing: whether it takes the place of a ring that the caller has locked.
    static func create(
        _ path: String, bytes: Int, isReplacing: Bool = false, prepare: (RingFile) -> Void
    ) throws(RingError) -> RingFile {
        let temporary = path + temporarySuffix
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        guard let descriptor = try openDescriptor(temporary, flags) else {
            throw .system(operation: "open", path: temporary, code: ENOENT)
        }
        do throws(RingError) {
            try lock(descriptor, temporary)
            guard ftruncate(descriptor, 0) == 0 else { throw failure("ftruncate", temporary) }
            try expectSpace(descriptor, path, bytes: bytes)
            try allocate(descriptor, path, bytes: bytes)
        } catch {
            if case .locked = error {} else { unsafe _ = unlink(temporary) }
            Glibc.close(descriptor)
            throw error
        }
        let file = try map(descriptor, path, bytes: bytes, .exclusive)
        prepare(file)
        do throws(RingError) {
            try file.synchronise()
            let code =
                unsafe isReplacing
                ? Glibc.rename(temporary, path) : clinux_rename_new(temporary, path)
            guard code == 0 else { throw failure("rename", path) }
        } catch {
            unsafe _ = unlink(temporary)
            throw error
        }
        try synchroniseDirectory(of: path)
        return file
    }

    /// Renames without ever replacing a file: when the name is taken, a number goes behind it.
    ///
    /// - Returns: the name that it got.
    static func rename(_ path: String, toFreeName name: String) throws(RingError) -> String {
        var number = 1
        while true {
            let wished = number == 1 ? name : "\(name)-\(number)"
            if unsafe clinux_rename_new(path, wished) == 0 { return wished }
            guard errno == EEXIST, number < 1000 else { throw failure("rename", path) }
            number += 1
        }
    }

    /// Asks before trying: an attempt that fails would take all that is left of the disk first, and
    /// with it from everybody else for a while.
    private static func expectSpace(
        _ descriptor: Int32, _ path: String, bytes: Int
    ) throws(RingError) {
        var space = statvfs()
        guard unsafe fstatvfs(descriptor, &space) == 0 else { return }
        let (free, overflow) = UInt64(space.f_bavail).multipliedReportingOverflow(
            by: UInt64(space.f_frsize))
        if !overflow && free < UInt64(bytes) { throw .diskFull(path: path, bytes: bytes) }
    }

    /// Gives a file that lost bytes at its end its full size again, or leaves it as it is.
    static func regrow(
        _ descriptor: Int32, _ path: String, from bytes: Int, to wholeBytes: Int
    ) throws(RingError) {
        try expectSpace(descriptor, path, bytes: wholeBytes - bytes)
        do throws(RingError) {
            try allocate(descriptor, path, bytes: wholeBytes)
        } catch {
            _ = ftruncate(descriptor, bytes)
            throw error
        }
    }

    /// Removes what an interrupted attempt to make a ring at `path` has left. Only for whoever has
    /// the ring itself locked: then nobody else can be about to make it.
    static func removeLeftover(_ path: String) {
        unsafe _ = unlink(path + temporarySuffix)
    }

    /// Reserves every block now: writing to a mapped file on a full disk would be a SIGBUS later.
    static func allocate(_ descriptor: Int32, _ path: String, bytes: Int) throws(RingError) {
        while true {
            let code = posix_fallocate(descriptor, 0, bytes)
            switch code {
            case 0: return
            case EINTR: continue
            case ENOSPC, EDQUOT, EFBIG: throw .diskFull(path: path, bytes: bytes)
            default: throw .system(operation: "posix_fallocate", path: path, code: code)
            }
        }
    }

    /// Writes both pieces to a file, over what an interrupted attempt left there, and waits until
    /// the disk has them.
    static func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, to path: String
    ) throws(RingError) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
        guard let descriptor = try openDescriptor(path, flags) else {
            throw .system(operation: "open", path: path, code: ENOENT)
        }
        defer { Glibc.close(descriptor) }
        try unsafe writeAll(first, descriptor, path)
        try unsafe writeAll(second, descriptor, path)
        guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
    }

    /// Waits until the disk has the names in the directory of `path`.
    static func synchroniseDirectory(of path: String) throws(RingError) {
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard let descriptor = try openDescriptor(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) else {
            throw .system(operation: "open", path: parent, code: ENOENT)
        }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync", parent) }
    }
}

private func writeAll(
    _ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, _ path: String
) throws(RingError) {
    var done = 0
    while done < bytes.count {
        let count = unsafe write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 && errno == EINTR { continue }
        if count < 0 && errno == ENOSPC { throw .diskFull(path: path, bytes: bytes.count) }
        guard count > 0 else { throw failure("write", path) }
        done += count
    }
}
