import Synchronization
import Threads

/// Framed bytes in a memory-mapped file of fixed size: buffer, spool and crash log in one.
///
/// Any thread may append; one thread consumes. The two meet in one lock, held once for a whole
/// batch; the consumer reads the frames that it has pinned without it.
///
/// - Danger: a payload lent to the consumer points into the mapping. Behind the pin's end
///   (`unpin`, or `release(to:)` past the frame) a producer may overwrite it at any time.
package final class Ring: Sendable {
    // Sendable: everything that changes is in `state` behind its lock, or atomic; the mapped bytes
    // are written only under that lock and only where no frame is pinned, or by the only producer
    // in the free place that was lent to it.
    package let path: String
    package let identity: RingIdentity
    /// Bytes of the area; the file is `RingLimits`' header larger.
    package let capacity: Int
    /// When the ring was made, in nanoseconds since 1970.
    package let createdAt: Int64
    /// The longest payload that this ring can ever hold.
    package let frameBytesMax: Int

    let file: RingFile
    let codec: EntryCodec
    let state: Lock<State>
    /// Behind a lock of its own: receivers count without waiting for the consumer.
    let intake: Lock<IntakeLedger>
    let defaultOverflow: Overflow
    private let session: Session
    private let headPosition: Atomic<UInt64>
    private let syncedPosition: Atomic<UInt64>

    init(
        file: RingFile, superblock: Superblock, state: consuming sending State, overflow: Overflow,
        session: Session
    ) {
        self.file = file
        self.session = session
        path = file.path
        identity = superblock.identity
        capacity = superblock.capacity
        createdAt = superblock.createdAt
        frameBytesMax = Layout.payloadBytesMax(capacity: superblock.capacity)
        codec = state.codec
        defaultOverflow = overflow
        headPosition = Atomic(state.mark.head.position)
        syncedPosition = Atomic(state.mark.head.position)
        intake = Lock(IntakeLedger(header: file.header, seed: codec.seed))
        self.state = Lock(state)
    }

    /// The next position to be written, without the lock. It can be old as soon as it is read.
    package var head: UInt64 { headPosition.load(ordering: .acquiring) }

    /// Everything before it has reached the disk.
    package var syncedHead: UInt64 { syncedPosition.load(ordering: .acquiring) }

    func publishHead(_ position: UInt64) {
        headPosition.store(position, ordering: .releasing)
    }

    /// Bytes of the file for an area of `capacity` bytes.
    package static func fileBytes(capacity: Int) -> Int { Layout.headerBytes + capacity }

    /// The index for frames of the source `name`; the same name always has the same one.
    package func register(source name: String) throws(RingError) -> UInt16 {
        try state.withLock { (state) throws(RingError) in
            precondition(!state.isClosed)
            return try state.sources.register(name)
        }
    }

    /// The name behind an index: `nil` when no source ever had it, empty when the name was damaged.
    package func source(_ index: UInt16) -> String? {
        state.withLock { state in
            index < state.sources.names.count ? state.sources.names[Int(index)] : nil
        }
    }

    /// Waits until the disk has every frame that was appended, and every release, before the call.
    /// Blocks for as long as the disk takes; producers and the consumer go on meanwhile.
    package func sync() throws(RingError) {
        let position = state.withLock { state in
            precondition(!state.isClosed)
            return state.mark.head.position
        }
        try file.synchronise()
        syncedPosition.store(position, ordering: .releasing)
    }

    /// Ends in order: everything on the disk, and the file free for the next one who opens it. No
    /// thread may use the ring afterwards, except look at frames it still holds.
    package func close() throws(RingError) {
        try sync()
        state.withLock { state in
            state.isClosed = true
            var slots = Slots(
                header: file.header, seed: codec.seed, offsets: Layout.sessionSlots)
            var session = session
            session.isClean = true
            slots.write(session.words)
        }
        try file.synchronise()
        file.unlock()
    }
}
