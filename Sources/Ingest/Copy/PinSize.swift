/// How much of the ring a batch takes at most, so that a ring which is to drop the oldest can.
///
/// What a batch is made of stays in the ring until it is committed, and nothing in front of or behind
/// it can make room meanwhile. So what arrives during a batch has to fit beside it: a batch that lasts
/// too long for that is followed by a smaller one.
struct PinSize {
    /// Shares of the ring: for a batch, and for what arrives during one.
    private static let share = 4
    /// A smaller batch would be hardly more than its COMMIT.
    private static let bytesMin = 4_096

    private let capacity: Int
    private var bytes: Int

    init(capacity: Int) {
        self.capacity = capacity
        bytes = max(capacity / Self.share, Self.bytesMin)
    }

    /// The size for the next batch.
    ///
    /// - Parameters:
    ///   - arrived: bytes of frames that came during the last one.
    ///   - limit: what the operator allows.
    mutating func next(after arrived: Int, limit: Int) -> Int {
        let most = max(capacity / Self.share, Self.bytesMin)
        if arrived > most {
            bytes = max(Int(Double(bytes) * Double(most) / Double(arrived)), Self.bytesMin)
        } else {
            bytes = min(bytes * 2, most)
        }
        return min(bytes, limit)
    }
}
