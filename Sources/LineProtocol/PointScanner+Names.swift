import Glibc

extension PointScanner {
    /// Reads a measurement, tag key, tag value or field key, and leaves `position` on the byte
    /// that ends it.
    ///
    /// - Parameters:
    ///   - stops: the class of bytes that end a raw run of this kind of name.
    ///   - escapes: the class of bytes that a backslash may stand before.
    ///   - missing: the error when there is no name.
    @inline(__always)
    mutating func name(
        _ stops: UInt8, _ escapes: UInt8, _ missing: LineError
    ) throws(ScanStop) -> ByteSlice {
        let start = position
        var cursor = start
        var seen: UInt8 = 0
        while cursor < end {
            let byte = self[cursor]
            if has(byte, stops) { break }
            seen |= byte
            cursor += 1
        }
        position = cursor
        if cursor < end, self[cursor] == Byte.backslash {
            return try escapedName(from: start, stops, escapes)
        }
        guard cursor > start else { throw refusal(missing) }
        if seen >= 0x80 { try checkUTF8(start) }
        return slice(start, cursor)
    }

    /// Goes on with a name at its first backslash.
    @inline(never)
    private mutating func escapedName(
        from start: Int, _ stops: UInt8, _ escapes: UInt8
    ) throws(ScanStop) -> ByteSlice {
        var dropped = 0
        while position < end {
            let byte = self[position]
            if byte == Byte.backslash {
                position += 1
                guard position < end else { break }
                let next = self[position]
                if has(next, escapes) {
                    dropped += 1
                    position += 1
                } else if next == Byte.tab {
                    // A tab separates and cannot be escaped; and no name ends in a backslash.
                    throw .bad(.invalidCharacter)
                }
            } else if has(byte, stops) {
                break
            } else {
                position += 1
            }
        }
        try checkUTF8(start)
        return dropped == 0
            ? slice(start, position) : try unescaped(start, position, escapes, dropped)
    }

    /// A copy in scratch memory of the bytes at `start ..< stop`, without the backslashes that
    /// stand before a byte of class `escapes`; there are `dropped` of them.
    mutating func unescaped(
        _ start: Int, _ stop: Int, _ escapes: UInt8, _ dropped: Int
    ) throws(ScanStop) -> ByteSlice {
        let count = stop - start - dropped
        guard count <= scratchCapacity - scratchUsed else { throw .batchFull }
        let target = unsafe scratch + scratchUsed
        var cursor = start
        var written = 0
        while cursor < stop {
            if self[cursor] == Byte.backslash, cursor + 1 < stop, has(self[cursor + 1], escapes) {
                cursor += 1
            }
            unsafe target[written] = self[cursor]
            written += 1
            cursor += 1
        }
        precondition(written == count)
        scratchUsed += count
        return unsafe ByteSlice(base: UnsafePointer(target), count: count)
    }

    /// Refuses what stands between `start` and `position` unless it is well-formed UTF-8.
    @inline(never)
    mutating func checkUTF8(_ start: Int) throws(ScanStop) {
        guard unsafe isWellFormedUTF8(base + start, position - start) else {
            throw .bad(.invalidUTF8)
        }
    }
}
