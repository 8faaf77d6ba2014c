import Synchronization

/// Whether the rings are being brought to the disk, for who watches over it.
final class SyncProgress: Sendable {
    /// Even: at rest.
    private let turns = Atomic<UInt64>(0)

    func begin() { turns.add(1, ordering: .relaxed) }
    func end() { turns.add(1, ordering: .relaxed) }

    var state: Snapshot.SyncState {
        let turns = turns.load(ordering: .relaxed)
        return Snapshot.SyncState(turns: turns, isSyncing: turns & 1 == 1)
    }
}
