extension Connection {
    /// Sends what comes before the first row of a binary COPY.
    package mutating func putCopyHeader() throws(PostgresError) {
        try put(CopyFormat.header)
    }

    /// Sends what comes after the last row of a binary COPY.
    package mutating func putCopyTrailer() throws(PostgresError) {
        try put(CopyFormat.trailer)
    }

    /// Sends some rows of a slab; several slabs and ranges may follow one another.
    package mutating func putRows(
        _ rows: borrowing CopyRows, _ range: Range<Int>
    ) throws(PostgresError) {
        try unsafe rows.withBytes(ofRows: range) { bytes throws(PostgresError) in
            try unsafe putCopyData(bytes)
        }
    }

    /// A whole COPY: statement, rows, verdict.
    ///
    /// - Returns: how many rows the server took.
    package mutating func copy(
        _ rows: borrowing CopyRows, _ range: Range<Int>, _ statement: String
    ) throws(PostgresError) -> Int {
        try beginCopy(statement)
        try putCopyHeader()
        try putRows(rows, range)
        try putCopyTrailer()
        return try finishCopy()
    }

    private mutating func put(_ bytes: [UInt8]) throws(PostgresError) {
        try unsafe bytes.span.bytes.withUnsafeBytes { bytes throws(PostgresError) in
            try unsafe putCopyData(bytes)
        }
    }
}
