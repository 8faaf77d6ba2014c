import Glibc

/// The two system calls that fail when a disk is full or broken; tests put others in their place.
@safe
package struct RejectsDisk: Sendable {
    // Safe: the bytes are only lent for the call.
    /// Like pwrite(2): the number of bytes that were written, or -1 and `errno`.
    package var write:
        @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int
    /// Like fdatasync(2): 0, or -1 and `errno`.
    package var synchronise: @Sendable (_ descriptor: Int32) -> Int32

    package init(
        write: @escaping @Sendable (Int32, UnsafeRawBufferPointer, Int) -> Int,
        synchronise: @escaping @Sendable (Int32) -> Int32
    ) {
        unsafe self.write = write
        self.synchronise = synchronise
    }

    package static let kernel = unsafe RejectsDisk(
        write: { unsafe pwrite($0, $1.baseAddress, $1.count, off_t($2)) },
        synchronise: { fdatasync($0) })
}

/// An open file's descriptor, closed when its owner goes.
struct RejectsDescriptor: ~Copyable {
    let number: Int32

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a regular file, and nothing else: not through a symbolic link, not a pipe.
    ///
    /// - Returns: nil when there is no such file, or what has its name is none.
    static func open(_ path: String, writable: Bool) throws(RejectsError) -> RejectsDescriptor? {
        let access = writable ? O_RDWR : O_RDONLY
        let number = retrying {
            unsafe Glibc.open(path, access | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        }
        guard number >= 0 else {
            if [ENOENT, ELOOP, EISDIR, ENXIO].contains(errno) { return nil }
            throw RejectsError("open", path)
        }
        let descriptor = RejectsDescriptor(owning: number)
        let status = try descriptor.status(path)
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        return descriptor
    }

    func status(_ path: String) throws(RejectsError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw RejectsError("fstat", path) }
        return status
    }

    /// Whether `path` still is the name of this very file.
    func isStill(at path: String) -> Bool {
        var mine = stat()
        var there = stat()
        return unsafe fstat(number, &mine) == 0 && lstat(path, &there) == 0
            && mine.st_ino == there.st_ino && mine.st_dev == there.st_dev
    }

    /// Takes the file's lock, if nobody else has it by then.
    ///
    /// - Parameter attempts: one millisecond apart.
    func lock(attempts: Int) -> Bool {
        for attempt in 1...attempts {
            if flock(number, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK || errno == EINTR else { return false }
            if attempt < attempts { usleep(1_000) }
        }
        return false
    }

    func unlock() { flock(number, LOCK_UN) }
}

/// Makes a system call again when a signal came in between.
func retrying(_ call: () -> Int32) -> Int32 {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// Waits until the disk has the names in a directory.
func synchroniseDirectory(_ path: String) throws(RejectsError) {
    let number = retrying { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard number >= 0 else { throw RejectsError("open", path) }
    let descriptor = RejectsDescriptor(owning: number)
    guard retrying({ fsync(descriptor.number) }) == 0 else { throw RejectsError("fsync", path) }
}
