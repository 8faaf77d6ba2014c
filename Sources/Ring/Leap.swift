/// The positions that the head leaps to: as many multiples of 2^40 as it takes, and the offset of the
/// place. So positions between two leaps can be told from where their entries lie, also when both jump
/// markers are gone.
enum Leap {
    /// More bytes than could be written between two of the kernel's write-backs.
    static let bytes: UInt64 = 1 << 40

    /// How many numbers are tried from a place on: of 32 leaps in a row, while nothing left the ring.
    /// More is only found behind a forged head.
    private static let numbersMax: UInt64 = 64

    /// At least 2^40 behind `head`. At the end of all positions, where only a forged file can be, it
    /// stays inside them.
    static func target(from head: UInt64, offset: Int) -> UInt64 {
        let target = (head / bytes + 2) * bytes + UInt64(offset)
        return max(min(target, RingLimits.positionMax - 8), head)
    }

    /// The positions that an entry at `place` can have if leaps lie before and behind it that cannot
    /// be read any more: the area has gone round once since the first of them, or not at all.
    ///
    /// - Parameters:
    ///   - place: with the position that it has if there was no leap.
    ///   - head: the position behind all leaps.
    static func positions(
        at place: Cursor, before head: UInt64, capacity: Int
    ) -> some Sequence<UInt64> {
        let next = place.position / bytes + 1
        let end = min(head / bytes, next + numbersMax)
        let numbers = next < end ? next..<end : 0..<0
        return numbers.lazy.flatMap { number in
            let first = number * bytes + UInt64(place.offset)
            return [first, first + UInt64(capacity)]
        }
    }
}
