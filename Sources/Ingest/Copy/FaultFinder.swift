import Postgres

/// Brings in every row of a shape but those that the database refuses.
///
/// Goes through the rows in chunks under savepoints. A refused chunk is cut at the line that the
/// error names, else in half, down to the single row that is at fault; chunks grow again where
/// rows are good. A line number alone is never trusted: the row is rejected only when it was
/// refused by itself.
struct FaultFinder {
    /// What the database said of one row.
    struct Refusal {
        let row: Int
        let error: PostgresError
    }

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

    /// Writes the rows of one shape within the open transaction, in which deferred constraints
    /// must have been made immediate: they have to speak while it is clear which rows they mean.
    ///
    /// - Parameter onRefusal: takes each row that the database refuses for its data.
    /// - Returns: how many chunks were kept; the server remembers each until the transaction ends.
    /// - Throws: an error that no row is to blame for.
    static func write(
        _ rows: borrowing BatchRows, _ shapeIndex: Int, _ shape: CopyShape,
        with sender: inout RowSender, on connection: inout some DatabaseSession & ~Copyable,
        onRefusal: (Refusal) -> Void, onSuppressed: (_ row: Int, _ missing: Int) -> Void
    ) throws(PostgresError) -> Int {
        var kept = 0
        let numbers = rows.rowNumbers(ofShape: shapeIndex)
        var finder = FaultFinder(count: numbers.count)
        while let range = finder.next {
            try connection.execute("SAVEPOINT chunk")
            do throws(PostgresError) {
                let taken = try sender.send(numbers[range], of: rows, shape, on: &connection)
                try connection.execute("RELEASE SAVEPOINT chunk")
                if taken < range.count {
                    onSuppressed(numbers[range.lowerBound], range.count - taken)
                }
                kept += 1
                finder.succeeded()
            } catch {
                sender.reset()
                let remedy = Remedy(error)
                guard !connection.isBroken, remedy == .rejectRows || remedy == .reloadCatalog
                else { throw error }
                // Released too, or savepoints would pile up, each with a lock of its own.
                try connection.execute("ROLLBACK TO SAVEPOINT chunk; RELEASE SAVEPOINT chunk")
                if let position = finder.failed(error) {
                    onRefusal(Refusal(row: numbers[position], error: error))
                }
            }
        }
        return kept
    }
}
