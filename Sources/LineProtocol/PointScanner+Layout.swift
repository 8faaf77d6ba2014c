extension PointScanner {
    /// Reads a point of the predicted layout from `position` on, up to its line feed; nil, with
    /// nothing changed, when the line is not of that layout or not certainly good.
    ///
    /// Takes nothing that `point` would refuse, and makes the same of it: keys and blanks are
    /// byte for byte those of a good line, and every value is checked as there.
    @inline(__always)
    mutating func predictedPoint(
        _ layout: inout Layout, _ unitNanoseconds: Int64
    ) -> Point? {
        let count = layout.itemCount
        guard itemCapacity - itemCount >= count else { return nil }
        let segments = unsafe layout.segments
        let bytes = unsafe layout.bytes
        let target = unsafe items + itemCount
        let start = position
        var values = unsafe ValueReader(
            base: base, end: end, classes: classes, powersOfTen: powersOfTen, position: start)
        for index in 0..<count {
            let segment = unsafe segments[index]
            let key = values.position &+ segment.keyOffset
            guard unsafe values.skip(bytes + segment.offset, segment.count) else { return nil }
            let value = values.position
            var bits: UInt64 = 0
            switch segment.kind {
            // Most are floats: a branch of their own is guessed better than a jump by a table.
            case let kind where _fastPath(kind == .float):
                guard let float = values.float() else { return nil }
                bits = float.bitPattern
            case .float, .bool: return nil
            case .int, .uint:
                guard let integer = values.integer(mayBeNegative: segment.kind == .int) else {
                    return nil
                }
                bits = integer
            case .tag:
                guard values.skipPlain(CharacterClass.key), values.position > value else {
                    return nil
                }
            case .string:
                guard values.skipPlain(CharacterClass.string) else { return nil }
            }
            unsafe target[index] = Item(
                key: slice(key, key &+ segment.keyCount),
                text: slice(value, values.position),
                bits: bits, kind: segment.kind)
        }

        // What stands behind the last value.
        let segment = unsafe segments[count]
        guard unsafe values.skip(bytes + segment.offset, segment.count) else { return nil }
        var timestamp: Int64 = 0
        if layout.hasTimestamp {
            guard let units = values.timestamp(&layout.timestampHead) else { return nil }
            let (nanoseconds, isOverflow) = units.multipliedReportingOverflow(by: unitNanoseconds)
            if isOverflow { return nil }
            timestamp = nanoseconds
        }
        let rawEnd = values.position
        guard values.skipLineEnd() else { return nil }
        position = values.position
        itemCount += count
        endedByLineFeed = true
        let measurement = start &+ layout.measurementOffset
        return Point(
            measurement: slice(measurement, measurement &+ layout.measurementCount),
            tagCount: layout.tagCount, fieldCount: count &- layout.tagCount, timestamp: timestamp,
            hasTimestamp: layout.hasTimestamp, rawEnd: rawEnd)
    }
}
