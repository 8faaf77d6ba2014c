/// The numbers that bound what is kept of refused lines and that no operator needs to change.
/// Sizes are bytes.
package enum RejectsLimits {
    /// What a lane collects before it writes to its file within a batch; less where `rejects.size` is
    /// small.
    static let bufferBytesMax = 1 << 20
    /// The longest comment line in front of a refused line, whatever stands in it.
    static let commentBytesMax = 4 << 10
    /// What is kept of the text that says why a line was refused.
    static let detailBytesMax = 300
    /// What is kept of a table's name in SQL, and of a source's name.
    static let nameBytesMax = 300
    /// Files in the directory; the oldest go first. It bounds the time that a look at all takes.
    static let filesMax = 1_000
    /// How often a lock that somebody else holds is tried, one millisecond apart. They are held for
    /// instants only; a writer must not wait for somebody who holds one for long.
    static let lockAttempts = 1_000
    /// The smallest ring through which lines are replayed.
    static let replayRingBytesMin = 1 << 20
    /// Different groups that a list tells one by one.
    static let groupsMax = 1_000

    /// What one of `lanes` lanes may write without looking at what the others have: so much that all
    /// of them together never pass the bound.
    static func grant(size: Int, lanes: Int) -> Int {
        min(bufferBytesMax, size / (4 * lanes))
    }

    /// The buffer of one of `lanes` lanes.
    static func bufferBytes(size: Int, lanes: Int) -> Int {
        size == 0 ? 0 : max(4 * commentBytesMax, grant(size: size, lanes: lanes))
    }
}
