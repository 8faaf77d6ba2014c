import Glibc

/// The folder with all files of rejects, which several lanes and a replay share.
///
/// Whoever makes, renames or removes a file holds `.lock` for that instant. A file that a batch is
/// being written to is locked by its lane, and is left to it by all others.
struct RejectsDirectory: Sendable {
    let path: String
    /// Bytes that all files may have together.
    let size: Int
    /// How many lanes write here, a replay included.
    let lanes: Int

    /// Files beside the numbered ones that hold rejects, while a replay loads them.
    static let loadingName = "loading.lp"
    static let remainingName = "remaining.lp"
    private static let lockName = ".lock"

    struct File: Equatable {
        let name: RejectsName
        let bytes: Int
    }

    /// What went because there was no more room.
    struct Removed: Equatable {
        var files: UInt64 = 0
        var lines: UInt64 = 0
        var bytes: UInt64 = 0
    }

    func path(of name: RejectsName) -> String { "\(path)/\(name)" }

    var loadingPath: String { "\(path)/\(Self.loadingName)" }
    var remainingPath: String { "\(path)/\(Self.remainingName)" }

    /// Whether there is such a folder.
    var exists: Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes the folder where there is none; its own folder must be there.
    func make() throws(RejectsError) {
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw RejectsError("mkdir", path)
    }

    /// Our files, oldest first.
    ///
    /// - Returns: an empty list when there is no such folder.
    func files() throws(RejectsError) -> [File] {
        guard let stream = unsafe opendir(path) else {
            if errno == ENOENT { return [] }
            throw RejectsError("opendir", path)
        }
        defer { unsafe closedir(stream) }
        var files: [File] = []
        while let entry = unsafe readdir(stream) {
            let text = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            guard let name = RejectsName(text), let bytes = fileBytes(path(of: name)) else {
                continue
            }
            files.append(File(name: name, bytes: bytes))
        }
        return files.sorted { ($0.name.number, $0.name.lane) < ($1.name.number, $1.name.lane) }
    }

    /// Bytes of a regular file; nil when it is none, or is not there.
    func fileBytes(_ path: String) -> Int? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Int(status.st_size)
    }

    /// Runs `body` while nobody else makes, renames or removes files here.
    func locked<Result: ~Copyable>(
        _ body: () throws(RejectsError) -> Result
    ) throws(RejectsError) -> Result {
        let lockPath = "\(path)/\(Self.lockName)"
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let number = retrying { unsafe open(lockPath, flags, 0o600) }
        guard number >= 0 else { throw RejectsError("open", lockPath) }
        let lock = RejectsDescriptor(owning: number)
        guard lock.lock(attempts: RejectsLimits.lockAttempts) else {
            throw RejectsError("flock", lockPath)
        }
        // The lock goes with the descriptor, which must live until then.
        defer { lock.unlock() }
        return try body()
    }

    /// Removes the oldest files until `bytes` more have room beside what all lanes may write without
    /// asking. Hold the lock.
    ///
    /// - Parameter own: the caller's file, which stays.
    /// - Returns: whether there is room.
    func makeRoom(
        for bytes: Int, keeping own: RejectsName?, removed: inout Removed
    ) throws(RejectsError) -> Bool {
        var files = try files()
        let reserved = lanes * RejectsLimits.grant(size: size, lanes: lanes)
        let replayed = (fileBytes(loadingPath) ?? 0) + (fileBytes(remainingPath) ?? 0)
        var room = size - reserved - bytes - replayed - files.reduce(0) { $0 + $1.bytes }
        var count = files.count
        files.removeAll { $0.name == own }
        for file in files where room < 0 || count > RejectsLimits.filesMax {
            guard try remove(file, &removed) else { continue }
            room += file.bytes
            count -= 1
        }
        return room >= 0
    }

    /// - Returns: whether it counts no more: it was removed, or is not ours.
    private func remove(_ file: File, _ removed: inout Removed) throws(RejectsError) -> Bool {
        let path = path(of: file.name)
        guard let descriptor = try RejectsDescriptor.open(path, writable: false) else {
            return true
        }
        guard descriptor.lock(attempts: 1), descriptor.isStill(at: path) else { return false }
        let survey = try RejectsSurvey(descriptor.number, path: path)
        guard survey.isOurs else { return true }
        guard unsafe unlink(path) == 0 else { throw RejectsError("unlink", path) }
        removed.files += 1
        removed.lines += survey.blocks.reduce(0) { $0 &+ $1.lines }
        removed.bytes += UInt64(file.bytes)
        return true
    }
}
