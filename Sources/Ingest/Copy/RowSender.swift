import Postgres

/// Sends rows of a batch through COPY, in pieces large enough for libpq.
@safe
struct RowSender: ~Copyable {
    private let piece: UnsafeMutableRawBufferPointer
    private let pieceSize = Postgres.Limits.copyPieceSize
    private var filled = 0
    /// The shape whose COPY is open, and how many rows of the slab are in it already.
    private var open: (shape: Int, sentRows: Int)?
    private var sorter: RowSorter
    /// Rows that lie far from one another are asked of the memory before their turn.
    private static let rowsFetchedAhead = 8

    /// - Parameter rowLimit: rows that a slab may have.
    init(rowLimit: Int) {
        sorter = RowSorter(rowLimit: rowLimit)
        unsafe piece = .allocate(byteCount: Postgres.Limits.copyPieceSize, alignment: 64)
    }

    deinit { unsafe piece.deallocate() }

    /// Forgets an open COPY, after its connection or transaction is gone.
    mutating func reset() {
        open = nil
        filled = 0
    }

    /// Ends a COPY that is open because more was to come, so that nothing of it is kept.
    mutating func abandon(on connection: inout some DatabaseSession & ~Copyable) {
        if open != nil { connection.abandonCopy("the batch is given up") }
        reset()
    }

    /// Whether a piece can go ahead of the others. Only as long as all rows go to one table, for
    /// COPYs cannot be interleaved, and in the order of arrival.
    @inline(__always)
    func isPieceDue(_ rows: borrowing BatchRows, _ shapes: [CopyShape]) -> Bool {
        let sent = open?.sentRows ?? 0
        guard rows.slab.byteCount(ofRows: sent..<rows.count) >= Postgres.Limits.copyPieceSize,
            let shape = rows.onlyShape
        else { return false }
        return shapes[shape].sorting.isEmpty
    }

    /// Whether the slab has hardly room for more and its rows are sorted. What is left of the batch would
    /// be a COPY of its own, in which hardly two rows are neighbours in the index: it is better off
    /// in the next batch.
    func isSortingDue(_ rows: borrowing BatchRows, _ shapes: [CopyShape]) -> Bool {
        rows.slab.isNearlyFull && rows.shapes.contains { !shapes[$0].sorting.isEmpty }
    }

    /// Sends what is there, of which the origins are kept; for when a piece is due.
    mutating func sendAhead(
        _ rows: inout BatchRows, _ shapes: [CopyShape],
        on connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) {
        guard let shape = rows.onlyShape else { return }
        let sent = open?.sentRows ?? 0
        if open == nil { try begin(shapes[shape].statement, on: &connection) }
        try put(rows, sent..<rows.count, on: &connection)
        open = (shape, rows.count)
        rows.slab.releaseBytes()
    }

    /// Sends everything that is left and ends every COPY.
    ///
    /// - Returns: rows that the server did not take although it raised no error (a trigger can do
    ///   that), by the row of the shape that was first.
    mutating func finish(
        _ rows: borrowing BatchRows, _ shapes: [CopyShape],
        on connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> [(row: Int, missing: Int)] {
        var suppressed: [(row: Int, missing: Int)] = []
        for shape in rows.shapes {
            let first = rows.firstRow(ofShape: shape)
            let sentRows = open?.shape == shape ? open!.sentRows : 0
            if open?.shape != shape { try begin(shapes[shape].statement, on: &connection) }
            var count = sentRows
            if !shapes[shape].sorting.isEmpty {
                count = try sendSorted(rows, shape, shapes[shape].sorting, on: &connection)
            } else if rows.onlyShape != nil {
                try put(rows, sentRows..<rows.count, on: &connection)
                count = rows.count
            } else {
                count += try gather(rows, after: sentRows, shape, on: &connection)
            }
            let taken = try end(on: &connection)
            if taken < count { suppressed.append((first, count - taken)) }
        }
        return suppressed
    }

    /// One COPY of some rows by their numbers.
    ///
    /// - Returns: how many of them the server took.
    mutating func send(
        _ numbers: ArraySlice<Int>, of rows: borrowing BatchRows, _ statement: String,
        on connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> Int {
        try begin(statement, on: &connection)
        for number in numbers { try add(number, of: rows, on: &connection) }
        return try end(on: &connection)
    }

    private mutating func begin(
        _ statement: String, on connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) {
        try connection.beginCopy(statement)
        filled = 0
        for byte in CopyFormat.header {
            unsafe piece[filled] = byte
            filled += 1
        }
    }

    /// Rows that lie one after the other go out as they lie.
    private mutating func put(
        _ rows: borrowing BatchRows, _ range: Range<Int>,
        on connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) {
        try flush(on: &connection)
        try unsafe rows.slab.withBytes(ofRows: range) { bytes throws(PostgresError) in
            try unsafe connection.putCopyData(bytes)
        }
    }

    /// Sends the rows of one shape whose number is `sentRows` or more.
    private mutating func gather(
        _ rows: borrowing BatchRows, after sentRows: Int, _ shape: Int,
        on connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> Int {
        var count = 0
        var row = sentRows == 0 ? rows.firstRow(ofShape: shape) : rows.row(after: sentRows - 1)
        while row >= 0 {
            try add(row, of: rows, on: &connection)
            count += 1
            row = rows.row(after: row)
        }
        return count
    }

    /// Sends all rows of one shape in the order of an index.
    private mutating func sendSorted(
        _ rows: borrowing BatchRows, _ shape: Int, _ columns: [SortColumn],
        on connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) -> Int {
        let count = sorter.sort(rows.slab, by: columns) { row in
            row < 0 ? rows.firstRow(ofShape: shape) : rows.row(after: row)
        }
        for place in 0..<count {
            if place + Self.rowsFetchedAhead < count {
                rows.slab.prefetch(row: sorter.row(at: place + Self.rowsFetchedAhead))
            }
            try add(sorter.row(at: place), of: rows, on: &connection)
        }
        return count
    }

    private mutating func add(
        _ row: Int, of rows: borrowing BatchRows,
        on connection: inout some DatabaseSession & ~Copyable
    ) throws(PostgresError) {
        let size = rows.slab.byteCount(ofRows: row..<row + 1)
        if filled + size > pieceSize { try flush(on: &connection) }
        if size > pieceSize {
            try put(rows, row..<row + 1, on: &connection)
            return
        }
        unsafe rows.slab.withBytes(ofRows: row..<row + 1) { bytes in
            unsafe (piece.baseAddress! + filled).copyMemory(
                from: bytes.baseAddress!, byteCount: size)
        }
        filled += size
    }

    private mutating func flush(on connection: inout some DatabaseSession & ~Copyable)
        throws(PostgresError)
    {
        guard filled > 0 else { return }
        try unsafe connection.putCopyData(UnsafeRawBufferPointer(rebasing: piece[..<filled]))
        filled = 0
    }

    private mutating func end(on connection: inout some DatabaseSession & ~Copyable)
        throws(PostgresError) -> Int
    {
        if filled + CopyFormat.trailer.count > pieceSize { try flush(on: &connection) }
        for byte in CopyFormat.trailer {
            unsafe piece[filled] = byte
            filled += 1
        }
        try flush(on: &connection)
        open = nil
        return try connection.finishCopy()
    }
}
