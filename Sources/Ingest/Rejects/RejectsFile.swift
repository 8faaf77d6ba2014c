import Glibc

/// The file that a lane writes to. Only its lane changes it, under the file's lock while a batch is
/// at work; others may rename or remove it in between.
final class RejectsFile {
    let name: RejectsName
    let createdAt: Int64
    private let path: String
    private let descriptor: RejectsDescriptor
    private let disk: RejectsDisk
    /// Bytes that the file should have.
    private(set) var size: Int
    /// Something was cut off that the disk may still have, or written that it may not have.
    private(set) var isDirty = false
    /// A write failed, and some of it may stand behind `size`.
    private var isTorn = false
    private var isLocked = false

    private init(
        _ name: RejectsName, _ path: String, _ descriptor: consuming RejectsDescriptor, size: Int,
        createdAt: Int64, _ disk: RejectsDisk
    ) {
        self.name = name
        self.path = path
        self.descriptor = descriptor
        self.size = size
        self.createdAt = createdAt
        self.disk = disk
    }

    /// Makes the next file, locked, and waits until the disk has its name.
    static func create(
        lane: String, in directory: RejectsDirectory, createdAt: Int64, disk: RejectsDisk
    ) throws(RejectsError) -> RejectsFile {
        let file = try directory.locked { () throws(RejectsError) in
            let last = try directory.files().last?.name.number ?? 0
            let name = RejectsName(lane: lane, number: last + 1)
            let path = directory.path(of: name)
            let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let number = retrying { unsafe open(path, flags, 0o600) }
            guard number >= 0 else { throw RejectsError("open", path) }
            let descriptor = RejectsDescriptor(owning: number)
            guard descriptor.lock(attempts: 1) else { throw RejectsError("flock", path) }
            let file = RejectsFile(
                name, path, descriptor, size: 0, createdAt: createdAt, disk)
            file.isLocked = true
            return file
        }
        do throws(RejectsError) {
            var header = RejectsBuffer(capacity: RejectsSurvey.headerBytes)
            RejectsSurvey.appendHeader(createdAt: createdAt, to: &header)
            try file.append(header)
            try synchroniseDirectory(directory.path)
        } catch {
            unsafe _ = unlink(file.path)
            throw error
        }
        return file
    }

    /// Opens the newest file of a lane and locks it.
    ///
    /// - Returns: nil when there is none, or the newest one is not ours.
    static func newest(
        of lane: String, in directory: RejectsDirectory, disk: RejectsDisk
    ) throws(RejectsError) -> (file: RejectsFile, survey: RejectsSurvey)? {
        guard let name = try directory.files().last(where: { $0.name.lane == lane })?.name else {
            return nil
        }
        let path = directory.path(of: name)
        guard let descriptor = try RejectsDescriptor.open(path, writable: true) else { return nil }
        guard descriptor.lock(attempts: RejectsLimits.lockAttempts) else {
            throw RejectsError("flock", path)
        }
        // Somebody took it away meanwhile: then nothing in it was open.
        guard descriptor.isStill(at: path) else { return nil }
        let survey = try RejectsSurvey(descriptor.number, path: path)
        guard survey.isOurs else { return nil }
        let file = RejectsFile(
            name, path, descriptor, size: survey.fileBytes, createdAt: survey.createdAt, disk)
        file.isLocked = true
        // What the process before cut off, the disk may still have.
        file.isDirty = true
        return (file, survey)
    }

    /// Locks the file for a batch.
    ///
    /// - Returns: whether it is there and as it was left. If not, it must be given up.
    func lock() -> Bool {
        if isLocked { return true }
        isLocked = descriptor.lock(attempts: RejectsLimits.lockAttempts)
        return isLocked && descriptor.isStill(at: path)
            && (try? descriptor.status(path))?.st_size == off_t(size)
    }

    func unlock() {
        if isLocked { descriptor.unlock() }
        isLocked = false
    }

    func append(_ buffer: borrowing RejectsBuffer) throws(RejectsError) {
        try unsafe buffer.withBytes { (bytes) throws(RejectsError) in
            try unsafe write(bytes, at: size)
            size += bytes.count
        }
    }

    /// Writes over what is there.
    func replace(at offset: Int, with buffer: borrowing RejectsBuffer) throws(RejectsError) {
        precondition(offset + buffer.count <= size)
        try unsafe buffer.withBytes { (bytes) throws(RejectsError) in
            try unsafe write(bytes, at: offset)
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(RejectsError) {
        isDirty = true
        isTorn = true
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = unsafe disk.write(descriptor.number, rest, offset + done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw RejectsError("pwrite", path, code: count == 0 ? ENOSPC : errno)
            }
            done += count
        }
        isTorn = false
    }

    /// Cuts the file to its first `bytes` bytes. The disk knows of it after `synchronise`.
    func cut(to bytes: Int) throws(RejectsError) {
        if size == bytes, !isTorn { return }
        isDirty = true
        let number = descriptor.number
        guard retrying({ ftruncate(number, off_t(bytes)) }) == 0 else {
            throw RejectsError("ftruncate", path)
        }
        size = bytes
        isTorn = false
    }

    /// Waits until the disk has the file as it is.
    func synchronise() throws(RejectsError) {
        guard isDirty else { return }
        let number = descriptor.number
        guard retrying({ disk.synchronise(number) }) == 0 else {
            throw RejectsError("fdatasync", path)
        }
        isDirty = false
    }
}
