/// What became of refused lines since the writer was made. Lines of batches that were rolled back are
/// in none of the figures.
package struct RejectsCounters: Equatable, Sendable {
    /// Lines that are in files, or were until they were removed or replayed.
    package var keptLines: UInt64 = 0
    /// Bytes of these lines as they came.
    package var keptBytes: UInt64 = 0
    /// Lines that are in no file: the disk was full, `rejects.size` is used up or 0.
    package var unkeptLines: UInt64 = 0
    /// Files, of whichever lane, that this writer removed because they were the oldest and
    /// `rejects.size` was used up; and the lines and bytes in them.
    package var removedFiles: UInt64 = 0
    package var removedLines: UInt64 = 0
    package var removedBytes: UInt64 = 0

    /// All zero.
    package init() {}

    mutating func add(_ other: RejectsCounters) {
        keptLines += other.keptLines
        keptBytes += other.keptBytes
        unkeptLines += other.unkeptLines
        removedFiles += other.removedFiles
        removedLines += other.removedLines
        removedBytes += other.removedBytes
    }
}
