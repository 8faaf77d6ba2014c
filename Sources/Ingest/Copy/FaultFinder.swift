import Postgres

/// Finds the rows that the database refuses among many.
///
/// Goes through them in chunks. A refused chunk is cut at the line that the
/// error names, else in half, down to the single row that is at fault; chunks grow again where
/// rows are good. A line number alone is never trusted: the row is rejected only when it was
/// refused by itself.
struct FaultFinder {
    private var start = 0
    private var size: Int
    private let count: Int

    init(count: Int) {
        self.count = count
        size = count
    }

    /// The next rows to try, as positions in the shape's list; nil when all are done.
    var next: Range<Int>? {
        start < count ? start..<min(start + size, count) : nil
    }

    mutating func succeeded() {
        start += min(size, count - start)
        size = min(size * 2, max(count, 1))
    }

    /// - Returns: the position of the row at fault, once it stands alone.
    mutating func failed(_ error: PostgresError) -> Int? {
        let tried = min(size, count - start)
        if tried == 1 {
            start += 1
            return start - 1
        }
        if let line = error.copyLine, (1...tried).contains(line) {
            size = line == 1 ? 1 : line - 1
        } else {
            size = tried / 2
        }
        return nil
    }
}
