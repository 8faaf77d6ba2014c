import Glibc
import Ring
import Systemd
import Threads

/// The rings of an import's lanes, which end with the process. They are made on a thread of its own:
/// their memory takes as long to come as the database takes to answer.
final class ImportRings: Sendable {
    private let made = Lock<Result<[Ring], RingError>?>(nil)
    private let thread: PlainThread

    /// - Parameter totalBytes: what will go through them all at least, as far as that is known.
    init(lanes: Int, totalBytes: UInt64?) {
        let made = made
        thread = PlainThread(name: "make rings") {
            let result = Result { () throws(RingError) in
                var rings: [Ring] = []
                for _ in 0..<lanes {
                    rings.append(try Self.makeRing(ImportLimits.ringBytes(lanes: lanes)))
                }
                return rings
            }
            made.withLock { $0 = result }
            made.wakeAll()
            if case .success(let rings) = result { Self.mapPages(rings, totalBytes) }
        }
    }

    deinit { thread.join() }

    /// Waits for them.
    func take() throws(RingError) -> [Ring] {
        made.wait { $0 != nil }
        return try made.withLock { $0! }.get()
    }

    /// Only where the memory is no disk's: what is mapped there is written to it.
    private static func mapPages(_ rings: [Ring], _ totalBytes: UInt64?) {
        let share = totalBytes.map { Int(clamping: $0) / rings.count } ?? .max
        for ring in rings where ring.path.hasPrefix(memoryDirectory) { ring.mapPages(share) }
    }

    private static let memoryDirectory = "/dev/shm"

    /// A ring in memory where there is room for it, else in a file that nobody else can see.
    private static func makeRing(_ capacity: Int) throws(RingError) -> Ring {
        do throws(RingError) {
            return try makeRing(capacity, in: memoryDirectory)
        } catch {
            return try makeRing(capacity, in: processEnvironment("TMPDIR") ?? "/tmp")
        }
    }

    private static func makeRing(_ capacity: Int, in directory: String) throws(RingError) -> Ring {
        var template = Array("\(directory)/sluice-import-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else {
            throw .system(operation: "mkdtemp", path: directory, code: errno)
        }
        let folder = unsafe String(cString: made)
        let path = "\(folder)/ring"
        // The mapping keeps the file; a process that is killed leaves nothing behind.
        defer {
            unsafe unlink(path)
            unsafe rmdir(folder)
        }
        return try Ring.open(
            RingConfiguration(
                path: path, capacity: capacity, overflow: .dropNewest, endsWithProcess: true)
        ).ring
    }
}
