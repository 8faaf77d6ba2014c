/// The shapes of COPY that the lines met so far need, each once. Rows name theirs by its index, so
/// none goes away while rows wait.
@safe
struct CopyShapes: ~Copyable {
    private(set) var all: [CopyShape] = []
    /// The newest shape of each hash; older ones of the same hash hang on it.
    private var newest: [Int: Int32] = [:]
    private var byteCount = 0

    /// Shapes of one batch; each is a COPY of its own.
    static let countMax = 4_096
    /// Memory for them. A batch ends with the datagram that goes beyond.
    static let bytesMax = 8 << 20
    /// Of a shape without columns, in the list and in the dictionary, and what the allocator adds.
    private static let overhead = 2 * MemoryLayout<CopyShape>.stride + 128

    deinit {
        for shape in all { shape.release() }
    }

    /// Whether no further batch may begin with them.
    var isFull: Bool { all.count >= Self.countMax || byteCount >= Self.bytesMax }

    mutating func removeAll() {
        for shape in all { shape.release() }
        all = []
        newest = [:]
        byteCount = 0
    }

    /// The index of the shape with these columns of the target; added when it is new.
    mutating func index(_ target: TableTarget, _ targetIndex: Int, _ columns: [Int16]) -> Int {
        var hasher = Hasher()
        hasher.combine(targetIndex)
        hasher.combine(columns)
        let hash = hasher.finalize()
        var candidate = newest[hash]
        while let index = candidate {
            let shape = all[Int(index)]
            if shape.target == targetIndex && shape.columns == columns { return Int(index) }
            candidate = shape.older
        }
        all.append(CopyShape(target, targetIndex, columns, older: newest[hash]))
        newest[hash] = Int32(all.count - 1)
        byteCount +=
            Self.overhead + columns.count
            * (MemoryLayout<WireType>.stride + MemoryLayout<Int16>.stride)
        return all.count - 1
    }
}
