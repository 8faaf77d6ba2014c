/// The numbers that bound the reading of files. Sizes are bytes.
package enum FileLimits {
    /// Lines of a file that go into one frame of the ring.
    package static let chunkBytesMax = 128 << 10
    /// Which part of a ring files may take: one in so many.
    static let ringShare = 4
    /// Lines of files that may wait in a ring, however large it is: enough for two batches, so that
    /// the writer never waits for the reader, and what arrives meanwhile is in one of the next.
    static let pendingBytesMax = 8 << 20
}
