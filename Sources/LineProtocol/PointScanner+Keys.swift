import Glibc

extension PointScanner {
    /// Refuses the line when two of the tags from `first` on have the same key.
    @inline(__always)
    mutating func checkTagKeys(_ first: Int) throws(ScanStop) {
        let count = itemCount - first
        if count <= 1 { return }
        if count > Limits.keysComparedPairwise {
            sortKeys(first, count)
            for rank in 1..<count
            where unsafe key(first, order[rank - 1]).equals(key(first, order[rank])) {
                throw .bad(.duplicateTag)
            }
            return
        }
        for later in first + 1..<itemCount {
            for earlier in first..<later
            where unsafe items[earlier].key.equals(items[later].key) {
                throw .bad(.duplicateTag)
            }
        }
    }

    /// Of the fields from `first` on that have the same key, leaves one: at the place of the
    /// first, with the value of the last.
    @inline(__always)
    mutating func mergeFieldKeys(_ first: Int) {
        let count = itemCount - first
        if count <= 1 { return }
        if count > Limits.keysComparedPairwise {
            mergeSortedFieldKeys(first, count)
            return
        }
        var later = first + 1
        while later < itemCount {
            var earlier = first
            while unsafe earlier < later && !items[earlier].key.equals(items[later].key) {
                earlier += 1
            }
            if earlier < later {
                unsafe items[earlier] = items[later]
                closeGap(later)
            } else {
                later += 1
            }
        }
    }

    private mutating func closeGap(_ gap: Int) {
        itemCount -= 1
        for index in gap..<itemCount { unsafe items[index] = items[index + 1] }
    }

    @inline(never)
    private mutating func mergeSortedFieldKeys(_ first: Int, _ count: Int) {
        sortKeys(first, count)
        // Equal keys stand side by side, in the order of the line.
        var hasDuplicates = false
        var rank = 0
        while rank < count {
            let winner = unsafe Int(order[rank])
            var last = rank
            while last + 1 < count,
                unsafe key(first, order[last + 1]).equals(key(first, order[rank]))
            {
                last += 1
            }
            if last > rank {
                hasDuplicates = true
                unsafe items[first + winner] = items[first + Int(order[last])]
                // Marked by an empty key, which no field has.
                for loser in rank + 1...last {
                    unsafe items[first + Int(order[loser])].removeKey()
                }
            }
            rank = last + 1
        }
        if hasDuplicates { removeMarked(first) }
    }

    /// Removes the items whose key is empty.
    private mutating func removeMarked(_ first: Int) {
        var kept = first
        for index in first..<itemCount {
            let item = unsafe items[index]
            if item.key.isEmpty { continue }
            unsafe items[kept] = item
            kept += 1
        }
        itemCount = kept
    }

    /// Sorts the numbers of `count` items from `first` on by their keys into `order`; equal keys
    /// keep their order. By merging: no input makes it slow.
    private mutating func sortKeys(_ first: Int, _ count: Int) {
        precondition(count <= orderCapacity)
        var source = unsafe order
        var target = unsafe order + orderCapacity
        for index in 0..<count { unsafe source[index] = UInt32(index) }
        var width = 1
        while width < count {
            var start = 0
            while start < count {
                let middle = min(start + width, count)
                let end = min(start + 2 * width, count)
                unsafe merge(first, source, target, start, middle, end)
                start = end
            }
            unsafe swap(&source, &target)
            width *= 2
        }
        if unsafe source != order { unsafe order.update(from: source, count: count) }
    }

    private mutating func merge(
        _ first: Int, _ source: UnsafeMutablePointer<UInt32>,
        _ target: UnsafeMutablePointer<UInt32>, _ start: Int, _ middle: Int, _ end: Int
    ) {
        var left = start
        var right = middle
        for index in start..<end {
            let takesRight =
                unsafe right < end
                && (left == middle || precedes(key(first, source[right]), key(first, source[left])))
            unsafe target[index] = source[takesRight ? right : left]
            if takesRight { right += 1 } else { left += 1 }
        }
    }

    private func key(_ first: Int, _ index: UInt32) -> ByteSlice {
        unsafe items[first + Int(index)].key
    }

    /// Shorter keys first: any order will do.
    private func precedes(_ left: ByteSlice, _ right: ByteSlice) -> Bool {
        guard left.count == right.count else { return left.count < right.count }
        return unsafe memcmp(left.base, right.base, Int(left.count)) < 0
    }
}
