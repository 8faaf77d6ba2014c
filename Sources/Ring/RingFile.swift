import CLinux
import Glibc

/// The open, locked and mapped file. One thin function per system call.
@safe
final class RingFile: @unchecked Sendable {
    // @unchecked: `descriptor` changes only in `unlock`, which the ring's owner calls once, last.
    let path: String
    let inode: UInt64
    let memory: Region
    private var descriptor: Int32

    private init(path: String, descriptor: Int32, inode: UInt64, memory: Region) {
        self.path = path
        self.descriptor = descriptor
        self.inode = inode
        self.memory = memory
    }

    deinit {
        unsafe munmap(memory.base, memory.count)
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// The part before the area.
    var header: Region { memory.part(0, Layout.headerBytes) }

    /// Where the frames are.
    var area: Region {
        memory.part(Layout.headerBytes, memory.count - Layout.headerBytes)
    }

    /// Waits until the disk has everything that was stored before the call.
    func synchronise() throws(RingError) {
        while fdatasync(descriptor) != 0 {
            if errno != EINTR { throw failure("fdatasync", path) }
        }
    }

    /// Lets others open the file. The mapping stays until this object goes, so that frames which
    /// somebody still looks at do not vanish under them.
    func unlock() {
        // Closing is not enough: the mapping holds the same open file, and with it the lock.
        flock(descriptor, LOCK_UN)
        Glibc.close(descriptor)
        descriptor = -1
    }
}

extension RingFile {
    enum Access { case readOnly, exclusive }

    /// Opens and locks what is there.
    ///
    /// - Returns: `nil` when there is no such file.
    static func open(_ path: String, _ access: Access) throws(RingError) -> (Int32, stat)? {
        let mode = access == .exclusive ? O_RDWR : O_RDONLY
        let descriptor = try openDescriptor(path, mode | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard let descriptor else { return nil }
        do throws(RingError) {
            let found = try status(descriptor, path)
            guard found.st_mode & S_IFMT == S_IFREG else {
                throw .notARing(path: path, reason: "not a regular file")
            }
            if access == .exclusive { try lock(descriptor, path) }
            // Again: it may have changed before the lock was ours.
            return (descriptor, try status(descriptor, path))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Maps the file; from here on `RingFile` owns the descriptor.
    static func map(
        _ descriptor: Int32, _ path: String, bytes: Int, _ access: Access
    ) throws(RingError) -> RingFile {
        let protection = access == .exclusive ? PROT_READ | PROT_WRITE : PROT_READ
        let base = unsafe mmap(nil, bytes, protection, MAP_SHARED, descriptor, 0)
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            let error = failure("mmap", path)
            Glibc.close(descriptor)
            throw error
        }
        // A core dump with gigabytes of readings helps nobody.
        unsafe madvise(base, bytes, MADV_DONTDUMP)
        let memory = unsafe Region(base: base, count: bytes)
        do throws(RingError) {
            let inode = try UInt64(status(descriptor, path).st_ino)
            return RingFile(path: path, descriptor: descriptor, inode: inode, memory: memory)
        } catch {
            unsafe munmap(base, bytes)
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Only the service's user reads what sensors sent.
    static func restrict(_ descriptor: Int32, _ path: String) throws(RingError) {
        guard fchmod(descriptor, 0o600) == 0 else { throw failure("fchmod", path) }
    }

    /// Reads the unchanging part of the header, and sees whether the rest makes sense, without
    /// mapping a file of unknown size.
    static func readSuperblock(
        _ descriptor: Int32, _ path: String, fileBytes: Int
    ) throws(RingError) -> (superblock: Superblock, isDamaged: Bool) {
        guard fileBytes > 0 else { throw .notARing(path: path, reason: "an empty file") }
        guard fileBytes >= Layout.headerBytes else {
            throw .notARing(path: path, reason: "too short for a ring's header")
        }
        let (superblock, isDamaged) = try withHeaderCopy(descriptor, path) {
            (header) throws(RingError) in
            let found = try Superblock.read(from: header, path: path)
            _ = try Mark.newest(header, found.superblock, path: path)
            return found
        }
        guard fileBytes <= superblock.fileBytes else {
            throw .wrongSize(path: path, expected: superblock.fileBytes, actual: fileBytes)
        }
        return (superblock, isDamaged)
    }
}

/// Lends a copy of the header in memory of its own.
private func withHeaderCopy<Result>(
    _ descriptor: Int32, _ path: String, _ body: (Region) throws(RingError) -> Result
) throws(RingError) -> Result {
    let bytes = Layout.headerBytes
    let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 8)
    defer { unsafe copy.deallocate() }
    unsafe memset(copy, 0, bytes)
    guard unsafe pread(descriptor, copy, bytes, 0) >= 0 else { throw failure("pread", path) }
    return try unsafe body(Region(base: copy, count: bytes))
}

func openDescriptor(_ path: String, _ flags: Int32) throws(RingError) -> Int32? {
    while true {
        let descriptor = unsafe Glibc.open(path, flags, 0o600)
        if descriptor >= 0 { return descriptor }
        switch errno {
        case EINTR: continue
        case ENOENT where flags & O_CREAT == 0: return nil
        case ELOOP: throw .notARing(path: path, reason: "a symbolic link")
        case EISDIR: throw .notARing(path: path, reason: "a directory")
        default: throw failure("open", path)
        }
    }
}

func lock(_ descriptor: Int32, _ path: String) throws(RingError) {
    // Whoever looks at the file holds it for an instant, and a process that ends a little longer.
    var patience = 10
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        switch errno {
        case EINTR: continue
        case EWOULDBLOCK where patience > 0:
            patience -= 1
            usleep(10_000)
        case EWOULDBLOCK: throw .locked(path: path, holder: holder(descriptor))
        default: throw failure("flock", path)
        }
    }
}

/// The process that wrote the session mark; read without the lock, so only good for a message.
private func holder(_ descriptor: Int32) -> Int32? {
    let process = try? withHeaderCopy(descriptor, "") { (header) throws(RingError) -> Int32? in
        let (superblock, _) = try Superblock.read(from: header, path: "")
        let slots = Slots(
            header: header, seed: superblock.identity.seed, offsets: Layout.sessionSlots)
        return slots.newest().map { Session($0).process }
    }
    return process ?? nil
}

private func status(_ descriptor: Int32, _ path: String) throws(RingError) -> stat {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("fstat", path) }
    return status
}

func failure(_ operation: String, _ path: String) -> RingError {
    .system(operation: operation, path: path, code: errno)
}
