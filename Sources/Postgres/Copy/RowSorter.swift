/// One column that rows are sorted by.
package struct SortColumn: Equatable, Sendable {
    /// How the bytes of its values are ordered.
    package enum Kind: Sendable {
        /// Of two, four or eight bytes, with a sign; times and dates too.
        case integer
        /// Of four or eight bytes.
        case float
        /// What is equal comes together; up to eight bytes are ordered as they stand.
        case bytes

        package init(_ type: ColumnType) {
            switch type {
            case .smallint, .integer, .bigint, .timestamptz, .timestamp, .date: self = .integer
            case .real, .doublePrecision: self = .float
            case .numeric, .boolean, .text, .varchar, .jsonb, .uuid, .unsupported: self = .bytes
            }
        }
    }

    /// Which column of the row it is, from 0.
    package let position: Int
    package let kind: Kind
    package let isDescending: Bool

    package init(position: Int, kind: Kind, isDescending: Bool) {
        self.position = position
        self.kind = kind
        self.isDescending = isDescending
    }
}

/// Finds the order in which rows of a slab fall into place in an index, so that neighbours in the
/// COPY are neighbours in the B-tree: the server finds the page that it needs in its cache.
///
/// A radix sort, one byte of a key at a time from the lowest on (Knuth, The Art of Computer
/// Programming, volume 3, 5.2.5), which leaves out bytes that all keys have in common. It keeps the
/// order of rows that are equal.
@safe
package struct RowSorter: ~Copyable {
    // Safe: sole owner of its memory, which it indexes with row numbers below `rowLimit` only.
    private let rowLimit: Int
    /// Keys of one column, by row number.
    private let keys: UnsafeMutablePointer<UInt64>
    private var order: UnsafeMutablePointer<UInt32>
    private var other: UnsafeMutablePointer<UInt32>
    private let counts: UnsafeMutablePointer<UInt32>

    /// Columns that count: more bring nothing nearer together.
    package static let columnsMax = 2
    private static let digits = 256

    /// Allocates everything; nothing is allocated later.
    package init(rowLimit: Int) {
        self.rowLimit = rowLimit
        unsafe keys = .allocate(capacity: rowLimit)
        unsafe order = .allocate(capacity: rowLimit)
        unsafe other = .allocate(capacity: rowLimit)
        unsafe counts = .allocate(capacity: Self.digits)
    }

    deinit {
        unsafe keys.deallocate()
        unsafe order.deallocate()
        unsafe other.deallocate()
        unsafe counts.deallocate()
    }

    /// Bytes of memory that `init` allocates.
    package static func memorySize(rowLimit: Int) -> Int {
        rowLimit * (MemoryLayout<UInt64>.size + 2 * MemoryLayout<UInt32>.size)
            + digits * MemoryLayout<UInt32>.size
    }

    /// Sorts rows that all have the same columns.
    ///
    /// - Parameters:
    ///   - columns: the one that counts most first; at most `columnsMax`.
    ///   - next: gives the first row's number for -1, and after a row's number the next one; -1
    ///     ends it.
    /// - Returns: how many rows there are; `row(at:)` then has them in their order.
    package mutating func sort(
        _ rows: borrowing CopyRows, by columns: [SortColumn], next: (Int) -> Int
    ) -> Int {
        precondition(columns.count <= Self.columnsMax && rows.rowCount <= rowLimit)
        var count = 0
        var row = next(-1)
        while row >= 0 {
            precondition(row < rows.rowCount && count < rowLimit)
            unsafe order[count] = UInt32(truncatingIfNeeded: row)
            count += 1
            row = next(row)
        }
        for column in columns.reversed() { sort(rows, by: column, count) }
        return count
    }

    /// The number of the row at a place of the order that was found last.
    @inline(__always)
    package func row(at place: Int) -> Int {
        precondition(place >= 0 && place < rowLimit)
        return unsafe Int(order[place])
    }

    private mutating func sort(_ rows: borrowing CopyRows, by column: SortColumn, _ count: Int) {
        var differing: UInt64 = 0
        var isAscending = true
        var isDescending = true
        var last: UInt64 = 0
        for place in 0..<count {
            let row = unsafe Int(order[place])
            let key = rows.sortKey(ofRow: row, column)
            unsafe keys[row] = key
            if place > 0 {
                differing |= key ^ last
                if key < last { isAscending = false }
                if key >= last { isDescending = false }
            }
            last = key
        }
        if isAscending { return }
        if isDescending {
            // Readings mostly come in the order of time, and indexes have the newest first. No two are
            // equal here, or their order would be turned round too.
            for place in 0..<count { unsafe other[place] = order[count - 1 - place] }
            unsafe swap(&order, &other)
            return
        }
        for shift in stride(from: UInt64(0), to: 64, by: 8) where (differing >> shift) & 255 != 0 {
            distribute(count, by: shift)
        }
    }

    /// One pass: puts the rows in the order of one byte of their keys.
    private mutating func distribute(_ count: Int, by shift: UInt64) {
        unsafe counts.update(repeating: 0, count: Self.digits)
        for place in 0..<count {
            let digit = unsafe Int((keys[Int(order[place])] &>> shift) & 255)
            // No `&+=`: under the thread sanitizer Swift 6.3 breaks off over it.
            unsafe counts[digit] = counts[digit] &+ 1
        }
        var start: UInt32 = 0
        for digit in 0..<Self.digits {
            let size = unsafe counts[digit]
            unsafe counts[digit] = start
            start &+= size
        }
        for place in 0..<count {
            let row = unsafe order[place]
            let digit = unsafe Int((keys[Int(row)] &>> shift) & 255)
            unsafe other[Int(counts[digit])] = row
            unsafe counts[digit] = counts[digit] &+ 1
        }
        unsafe swap(&order, &other)
    }
}

extension CopyRows {
    /// A number that is ordered like the row's value in a column; NULL comes last, as in an index
    /// that ascends, and first in one that descends.
    @inline(__always)
    fileprivate func sortKey(ofRow row: Int, _ column: SortColumn) -> UInt64 {
        let key = unsafe withBytes(ofRows: row..<row + 1) { bytes in
            unsafe EncodedRow(bytes).key(column)
        }
        return column.isDescending ? ~key : key
    }
}

/// A row in the form of binary COPY.
@safe
private struct EncodedRow {
    // Safe: rows of a slab are well formed, and one is only made where its bytes are lent.
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

    @inline(__always)
    func key(_ column: SortColumn) -> UInt64 {
        // The number of columns, then each with its length before it.
        var offset = MemoryLayout<Int16>.size
        for _ in 0..<column.position { offset += 4 + max(0, length(at: offset)) }
        let length = length(at: offset)
        guard length >= 0 else { return .max }
        offset += 4
        switch (column.kind, length) {
        case (.integer, 8): return ordered(number(Int64.self, at: offset))
        case (.integer, 4): return ordered(Int64(number(Int32.self, at: offset)))
        case (.integer, 2): return ordered(Int64(number(Int16.self, at: offset)))
        case (.float, 8): return ordered(bits: number(UInt64.self, at: offset))
        case (.float, 4): return ordered(bits: UInt64(number(UInt32.self, at: offset)) << 32)
        case (_, 0...8): return prefix(at: offset, count: length)
        default: return hash(at: offset, count: length)
        }
    }

    @inline(__always)
    private func length(at offset: Int) -> Int { Int(number(Int32.self, at: offset)) }

    @inline(__always)
    private func number<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type, at offset: Int
    ) -> Value {
        unsafe Value(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }

    private func ordered(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) ^ 1 << 63 }

    /// IEEE 754's numbers are ordered like their bits once the negative ones are turned round.
    private func ordered(bits: UInt64) -> UInt64 {
        bits >> 63 == 0 ? bits ^ 1 << 63 : ~bits
    }

    /// Long values mostly begin alike, and a `numeric` with how many digits it has.
    private func hash(at offset: Int, count: Int) -> UInt64 {
        var hash = UInt64(count)
        for index in offset..<offset + count {
            hash = unsafe (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3
        }
        return hash
    }

    private func prefix(at offset: Int, count: Int) -> UInt64 {
        var key: UInt64 = 0
        for index in 0..<8 {
            key = unsafe key << 8 | (index < count ? UInt64(bytes[offset + index]) : 0)
        }
        return key
    }
}
