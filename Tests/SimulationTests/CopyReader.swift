/// Reads the rows of a binary COPY as the server does.
struct CopyReader {
    /// One row: its columns' bytes, nil for NULL.
    typealias Row = [[UInt8]?]

    private var bytes: [UInt8] = []

    mutating func add(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }

    /// All rows; traps when it is no COPY.
    func rows() -> [Row] {
        var place = 19
        precondition(bytes.starts(with: Array("PGCOPY\n".utf8)))
        var rows: [Row] = []
        while true {
            let count = Int(Int16(truncatingIfNeeded: number(2, &place)))
            if count == -1 { break }
            rows.append(
                (0..<count).map { _ in
                    let length = Int(Int32(truncatingIfNeeded: number(4, &place)))
                    guard length >= 0 else { return nil }
                    defer { place += length }
                    return Array(bytes[place..<place + length])
                })
        }
        precondition(place == bytes.count, "bytes behind the end of a COPY")
        return rows
    }

    private func number(_ count: Int, _ place: inout Int) -> Int64 {
        defer { place += count }
        return bigEndian(bytes[place..<place + count])
    }
}

/// An unsigned number from its bytes.
func bigEndian(_ bytes: some Sequence<UInt8>) -> Int64 {
    bytes.reduce(0) { $0 << 8 | Int64($1) }
}
