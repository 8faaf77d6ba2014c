/// The positions that the head leaps to: a multiple of 2^40, where an epoch of positions begins, and the
/// offset of the place. So the positions of an epoch between two leaps can be told from where its
/// entries lie, also when both jump markers are gone; unless the ring got another size since.
enum Leap {
    /// The length of an epoch: more bytes than could be written between two of the kernel's
    /// write-backs.
    static let bytes: UInt64 = 1 << 40

    /// How many epochs are tried from a place on: those of 32 leaps in a row, while nothing left the
    /// ring. More is only found behind a forged head.
    private static let epochsMax: UInt64 = 64

    /// At least 2^40 behind `head`. At the end of all positions, where only a forged file can be, it
    /// stays inside them.
    static func target(from head: UInt64, offset: Int) -> UInt64 {
        let target = (head / bytes + 2) * bytes + UInt64(offset)
        return max(min(target, RingLimits.positionMax - 8), head)
    }

    /// The position of an entry at `place` if leaps lie before and behind it that cannot be read any
    /// more: the area has gone round once since the first of them, or not at all.
    ///
    /// - Parameters:
    ///   - place: with the position that it has if there was no leap.
    ///   - head: the position behind all leaps.
    ///   - isRight: whether the entry has this position.
    static func position(
        at place: Cursor, before head: UInt64, capacity: Int, _ isRight: (UInt64) -> Bool
    ) -> UInt64? {
        var epoch = place.position / bytes + 1
        let end = min(head / bytes, epoch + epochsMax)
        while epoch < end {
            let first = epoch * bytes + UInt64(place.offset)
            if isRight(first) { return first }
            if isRight(first + UInt64(capacity)) { return first + UInt64(capacity) }
            epoch += 1
        }
        return nil
    }
}
