/// Remembers how full the rings were a while ago, so that a forecast does not jump with every
/// datagram.
struct GrowthWindow {
    /// How far it looks back.
    private static let length = Duration.seconds(60)
    /// Time between two snapshots that are kept.
    private static let spacing = Duration.seconds(5)

    private var snapshots: [Snapshot] = []

    mutating func add(_ now: Snapshot) {
        if let last = snapshots.last, now.time - last.time < Self.spacing { return }
        snapshots.removeAll { now.time - $0.time > Self.length }
        snapshots.append(now)
    }

    /// The oldest snapshot that is kept from after a moment; what was before it tells nothing of
    /// what comes.
    func oldest(after moment: ContinuousClock.Instant) -> Snapshot? {
        snapshots.first { $0.time >= moment }
    }
}
