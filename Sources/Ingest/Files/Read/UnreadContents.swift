/// What open files begin with that were not read yet: a copy of one of them must wait until it was, or
/// both would be read.
struct UnreadContents {
    /// What they begin with in whole lines, and whether one of them has no more.
    private var beginnings: [FileFingerprint: Bool] = [:]

    /// - Parameter first: a file's first bytes, as far as a fingerprint may cover them.
    mutating func insert(_ first: UnsafeRawBufferPointer) {
        unsafe Self.visitBeginnings(of: first) { beginning, isWhole in
            beginnings[beginning] = isWhole || beginnings[beginning] ?? false
        }
    }

    /// Whether one of the files begins with all lines of another one, or has itself no others than
    /// that one begins with.
    ///
    /// - Parameters:
    ///   - first: the other file's first bytes, as far as a fingerprint may cover them.
    ///   - lengthMin: bytes that both must have in common.
    func contain(_ first: UnsafeRawBufferPointer, lengthMin: Int) -> Bool {
        if beginnings.isEmpty { return false }
        var isFound = false
        unsafe Self.visitBeginnings(of: first) { beginning, isWhole in
            guard beginning.length >= lengthMin, let isAll = beginnings[beginning] else { return }
            isFound = isFound || isWhole || isAll
        }
        return isFound
    }

    /// Visits what ends with a line or where fingerprints end, and says which of them is all there is.
    private static func visitBeginnings(
        of first: UnsafeRawBufferPointer, _ visit: (FileFingerprint, Bool) -> Void
    ) {
        var hash = FileFingerprint.Hash()
        var last: FileFingerprint?
        for index in 0..<first.count {
            unsafe hash.add(first[index])
            let length = index + 1
            guard
                unsafe first[index] == UInt8(ascii: "\n") || length == FileFingerprint.bytesMax
            else { continue }
            if let last { visit(last, false) }
            last = FileFingerprint(length: UInt32(length), hash: hash.value)
        }
        if let last { visit(last, true) }
    }
}
