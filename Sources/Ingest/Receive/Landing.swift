import CLinux
import Glibc
import Ring
import Synchronization

/// Memory into which the kernel puts datagrams, in a file that outlives the process.
///
/// A process can be killed after it has taken datagrams from the kernel and before they are in the
/// ring. Then the next one finds them here, together with how far they had come (`LandedDatagrams`).
/// The file lies in systemd's runtime directory, in memory, and is gone with the machine. Without
/// one it is plain memory, and such datagrams are lost.
///
/// A kill is seen between two stores, so their order is all that this needs: sizes are reset while
/// the phase is `idle`, and what a phase promises is stored before the phase.
@safe
package final class Landing: @unchecked Sendable {
    // @unchecked: sole owner of the mapping, which one receiver's thread uses.
    /// How far the datagrams have come.
    enum Phase: UInt64 {
        /// None is here that is not in the ring.
        case idle = 0
        /// Those with a size have been received.
        case receiving = 1
        /// Those in `chosen` are on their way into the ring.
        case appending = 2
    }

    let layout: LandingLayout
    private let memory: UnsafeMutableRawPointer
    private let path: String?

    /// Bytes of the largest datagram that is taken whole.
    var datagramMax: Int { layout.datagramMax }

    /// Why there is no such file; the `errno` of a call.
    struct Failure: Error {
        let code: CInt
    }

    /// Plain memory.
    package init(datagramMax: Int = ReceiveLimits.datagramMax) {
        layout = LandingLayout(datagramMax: datagramMax)
        path = nil
        let mapped = unsafe mmap(
            nil, layout.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(unsafe mapped != MAP_FAILED, "no memory for datagrams")
        unsafe memory = mapped!
    }

    /// A new file; all of its room is taken at once, because a lack of it could not be told later.
    ///
    /// - Parameters:
    ///   - origin: what its datagrams are to be framed with.
    ///   - source: the listener's name.
    init(path: String, datagramMax: Int, origin: FrameOrigin, source: String) throws(Failure) {
        let layout = LandingLayout(datagramMax: datagramMax)
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        let code = posix_fallocate(descriptor, 0, off_t(layout.byteCount))
        guard code == 0 else {
            unsafe unlink(path)
            throw Failure(code: code)
        }
        unsafe memory = try Self.map(descriptor, layout.byteCount)
        self.layout = layout
        self.path = path
        // A killed process cannot fault pages in any more: the kernel would throw away the datagram
        // that it was just copying.
        unsafe memset(memory, 0, layout.byteCount)
        let name = Array(source.utf8.prefix(LandingLayout.nameBytesMax))
        store(UInt64(datagramMax), LandingLayout.datagramMax)
        store(UInt64(origin.attributes), LandingLayout.attributes)
        store(UInt64(name.count), LandingLayout.nameLength)
        unsafe (memory + LandingLayout.name).copyMemory(from: name, byteCount: name.count)
        store(LandingLayout.magicNumber, LandingLayout.magic)
    }

    /// One that a former process has left behind.
    ///
    /// - Throws: `EINVAL` where the file is no landing, or not a whole one.
    init(leftAt path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        var words = [UInt64](repeating: 0, count: 2)
        var status = stat()
        guard unsafe pread(descriptor, &words, 16, 0) == 16, words[0] == LandingLayout.magicNumber,
            words[1] >= 1, words[1] <= UInt64(ReceiveLimits.datagramMax),
            unsafe fstat(descriptor, &status) == 0
        else { throw Failure(code: EINVAL) }
        let layout = LandingLayout(datagramMax: Int(words[1]))
        guard Int(status.st_size) == layout.byteCount else { throw Failure(code: EINVAL) }
        unsafe memory = try Self.map(descriptor, layout.byteCount)
        self.layout = layout
        self.path = path
    }

    private static func map(
        _ descriptor: CInt, _ byteCount: Int
    ) throws(Failure) -> UnsafeMutableRawPointer {
        let mapped = unsafe mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            throw Failure(code: errno)
        }
        return unsafe mapped
    }

    deinit {
        // A receiver that ended has nothing here any more.
        if let path { unsafe unlink(path) }
        unsafe munmap(memory, layout.byteCount)
    }

    /// Bytes that one takes.
    package static func byteCount(datagramMax: Int) -> Int {
        LandingLayout(datagramMax: datagramMax).byteCount
    }

    func pointer(at offset: Int) -> UnsafeMutableRawPointer { unsafe memory + offset }

    // MARK: - Progress

    func enter(_ phase: Phase) { store(phase.rawValue, LandingLayout.phase) }

    /// Says which datagrams go into the ring, before the first of them does.
    ///
    /// - Parameter chosen: a bit for each datagram.
    func append(_ chosen: UInt64) {
        store(chosen, LandingLayout.chosen)
        // Both: what the batch before has noted says nothing of this one.
        write(slot: 0, low: 0, high: 0, arrivals: 0, framesEver: 0)
        write(slot: 1, low: 0, high: 0, arrivals: 0, framesEver: 0)
        enter(.appending)
    }

    /// Notes how far the batch is; call it before the next arrival can be found in a ring.
    func note(_ publication: Publication) {
        let slot = 1 - load(LandingLayout.slot)
        write(
            slot: Int(slot), low: publication.ring.low, high: publication.ring.high,
            arrivals: UInt64(publication.arrivals), framesEver: publication.framesEver)
        store(slot, LandingLayout.slot)
        // No store to the ring may be moved before these.
        atomicMemoryFence(ordering: .acquiringAndReleasing)
    }

    private func write(
        slot: Int, low: UInt64, high: UInt64, arrivals: UInt64, framesEver: UInt64
    ) {
        let offset = LandingLayout.slots + slot * LandingLayout.slotBytes
        store(low, offset)
        store(high, offset + 8)
        store(arrivals, offset + 16)
        store(framesEver, offset + 24)
    }

    /// Not moved behind a later store, nor before an earlier one, by the compiler or a processor.
    private func store(_ value: UInt64, _ offset: Int) {
        let word = unsafe (memory + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
        unsafe word.pointee.store(value, ordering: .releasing)
    }

    func load(_ offset: Int) -> UInt64 {
        unsafe memory.load(fromByteOffset: offset, as: UInt64.self)
    }
}

/// Where things stand in a landing, in bytes from its start.
struct LandingLayout: Equatable {
    static let magicNumber: UInt64 = 0x3144_4e4c_4349_4c53
    static let magic = 0
    static let datagramMax = 8
    static let attributes = 16
    static let phase = 24
    static let chosen = 32
    static let slot = 40
    static let slots = 48
    static let slotBytes = 32
    static let nameLength = 112
    static let name = 120
    static let nameBytesMax = 1_024
    private static let headerBytes = 4_096

    /// A size that the kernel never writes: no datagram is there.
    static let noSize = UInt32.max

    let datagramMax: Int
    let messages = headerBytes
    let controls: Int
    let sources: Int
    let payloads: Int
    /// Bytes from one payload to the next.
    let stride: Int
    let byteCount: Int

    init(datagramMax: Int) {
        let count = ReceiveLimits.batchCount
        self.datagramMax = datagramMax
        controls = unsafe messages + MemoryLayout<clinux_message>.stride * count
        sources = controls + CLINUX_CONTROL_SIZE * count
        let end = sources + MemoryLayout<sockaddr_in6>.stride * count
        payloads = (end + 4_095) / 4_096 * 4_096
        // Whole cache lines, of an odd number: with a power of two between them the datagrams of a
        // batch would all fall into the same few sets of the cache.
        stride = ((datagramMax + 63) / 64 | 1) * 64
        byteCount = payloads + stride * count
    }
}
