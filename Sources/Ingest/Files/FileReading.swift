import Files
import Glibc
import Logging
import Ring
import Synchronization
import Threads

/// The reading of files at work: the reader and its thread.
package final class FileReading: @unchecked Sendable {
    // Sendable: `reader` is used by the thread alone, once that runs; the rest is constant or atomic.
    private let reader: FilesReader
    private let loader: FileRowsLoader
    private let shouldEnd = Atomic<Bool>(false)
    private let isOver = Atomic<Bool>(false)
    private let turnCount = Atomic<UInt64>(0)
    private let figures = Lock(FileFigures())
    private let thread = Lock<PlainThread?>(nil)

    /// - Parameters:
    ///   - lanes: the first `feeding` of them take files.
    ///   - found: the files that each lane's ring had chunks of when it was opened.
    init(
        _ files: [Configuration.Files], lanes: [Lane], feeding: Int, found: [FilesInRing],
        logger: Logger
    ) throws(RingError) {
        let first = lanes[0]
        loader = FileRowsLoader(
            settings: { first.configuration().configuration.database }, logger: logger)
        let outlet = try RingFileOutlet(
            lanes: lanes, found: found, feeding: feeding, files: files, loader: loader)
        reader = FilesReader(files, outlet: outlet, descriptorsMax: Self.raiseDescriptorLimit()) {
            logger.event($0.event, $0.level, "\($0.message)", $0.metadata)
        }
    }

    /// Raises the limit of open files to what the service manager allows.
    ///
    /// - Returns: how many files may be followed at the same time.
    private static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return FileLimits.descriptorsReserved
        }
        let wanted = rlim_t(FileLimits.openFilesMax + FileLimits.descriptorsReserved)
        if limit.rlim_cur < min(limit.rlim_max, wanted) {
            limit.rlim_cur = min(limit.rlim_max, wanted)
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        let left = Int(clamping: limit.rlim_cur) - FileLimits.descriptorsReserved
        return min(max(left, 1), FileLimits.openFilesMax)
    }

    /// Grows with all that the thread does, also when there is nothing to read.
    var turns: UInt64 { turnCount.load(ordering: .relaxed) }

    /// Whether the thread has come to its end.
    var hasEnded: Bool { isOver.load(ordering: .acquiring) }

    var current: FileFigures { figures.withLock { $0 } }

    /// Starts the thread.
    func start() {
        loader.start()
        let started = PlainThread(name: "read files") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Asks the thread to end, and waits until it has.
    func stop() async {
        shouldEnd.store(true, ordering: .relaxed)
        await thread.withLock { $0 }?.joinWhenEnded()
        // The two hold each other.
        thread.withLock { $0 = nil }
        await loader.stop()
    }

    private func run() {
        while !shouldEnd.load(ordering: .relaxed) {
            let rest = reader.turn(now: .now)
            turnCount.add(1, ordering: .relaxed)
            let now = reader.figures
            figures.withLock { $0 = now }
            if rest > .zero { wait(rest) }
        }
        isOver.store(true, ordering: .releasing)
    }

    /// Waits until something happens to a file, but not longer than a stop may take.
    private func wait(_ time: Duration) {
        let milliseconds = max(1, Int32(min(time, FileLimits.stopLook) / .milliseconds(1)))
        var descriptor = pollfd(fd: reader.descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, milliseconds)
    }
}

/// How many files there are at the moment.
package struct FileFigures: Equatable, Sendable {
    /// Followed files that are open.
    package var open = 0
    /// Dropped files that are not yet in the database, and followed ones without a descriptor.
    package var waiting = 0
}
