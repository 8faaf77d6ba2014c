/// The numbers that bound the reading of files. Sizes are bytes.
package enum FileLimits {
    /// Lines of a file that go into one frame of the ring.
    package static let chunkBytesMax = 128 << 10
    /// Which part of a ring files may take: one in so many.
    static let ringShare = 4
    /// Lines of files that may wait in a ring, however large it is: enough for two batches, so that
    /// the writer never waits for the reader, and what arrives meanwhile is in one of the next.
    static let pendingBytesMax = 8 << 20

    /// Chunks that are read in one turn, of all files together.
    static let chunksPerTurn = 16
    /// Time between two looks at what the kernel does not tell of: detached files, lost chunks.
    static let upkeepInterval = Duration.milliseconds(500)
    /// How soon it is asked again whether chunks are in the database.
    static let confirmPause = Duration.milliseconds(100)
    /// How soon a ring without room is tried again.
    static let roomPause = Duration.milliseconds(5)
    /// How soon it is asked again what the database knows.
    static let unknownPause = Duration.milliseconds(100)
    /// How long a file that may be a copy must not have changed before it is judged.
    static let copySettle = Duration.seconds(1)
    /// How long it waits for that at most when it is short.
    static let copyPatience = Duration.seconds(5)
    /// Bytes that a file must have in common with another one to be a copy whatever its name is.
    static let copyBytesMin = 1_024
    /// How long a file without a name in its folder is kept open after it has grown last.
    static let detachedPatience = Duration.seconds(60)
    /// The same for one that was deleted.
    static let deletedPatience = Duration.seconds(5)
    /// How long a stop may go unnoticed.
    static let stopLook = Duration.milliseconds(200)
    /// Followed files that are open at most; each takes some hundred bytes of memory.
    static let openFilesMax = 20_000
    /// Memory for each of them: its name, its state, and its place in the tables.
    static let bytesPerFile = 1_024
    /// Descriptors that are left to everybody else.
    static let descriptorsReserved = 128
    /// Files of a drop folder whose lines may be on their way to the database.
    static let unfinishedMax = 1_000
}
