package import Ring

/// Everything that the daemon knows about itself at one moment.
package struct Snapshot: Sendable {
    package struct ListenerState: Sendable {
        package let name: String
        package let tally: ReceiveTally
        /// One for each of its sockets.
        package let receivers: [ReceiverState]

        package var hasEnded: Bool { receivers.allSatisfy(\.hasEnded) }
    }

    package struct ReceiverState: Sendable {
        package let turns: UInt64
        package let hasEnded: Bool
    }

    package struct LaneState: Sendable {
        package let report: LaneReport
        package let total: OutcomeTally
        package let ring: RingSnapshot
        package let turns: UInt64
        package let isWaitingForDatabase: Bool
    }

    package struct SyncState: Sendable {
        package let turns: UInt64
        package let isSyncing: Bool
    }

    package struct FilesState: Sendable {
        package let figures: FileFigures
        package let turns: UInt64
        package let hasEnded: Bool
    }

    package let time: ContinuousClock.Instant
    package let listeners: [ListenerState]
    package let lanes: [LaneState]
    /// `nil` where no files are read.
    package let files: FilesState?
    package let sync: SyncState
    package let drops: DropTally
    package let recoveredFrames: UInt64
    /// Since the rings were made, by lane and source.
    package let ledger: [LedgerView]

    /// All listeners together.
    package var received: ReceiveTally {
        listeners.reduce(into: ReceiveTally()) { $0 += $1.tally }
    }

    /// All lanes together.
    package var outcome: OutcomeTally {
        lanes.reduce(into: OutcomeTally()) { $0.add($1.total) }
    }

    /// Datagrams that are lost: before they could be received, or because a ring was full.
    package var dropped: UInt64 { received.kernelDropped + drops.datagrams }

    /// Whether the intake has ended, and what is left is being written.
    package var isStopping: Bool {
        listeners.allSatisfy(\.hasEnded) && (!listeners.isEmpty || files?.hasEnded ?? false)
    }

    package var framesInRing: UInt64 { lanes.reduce(0) { $0 + UInt64($1.ring.frameCount) } }

    /// Share of the fullest ring that is taken, from 0 to 1.
    package var fill: Double {
        lanes.map { Double($0.ring.usedBytes) / Double($0.ring.capacity) }.max() ?? 0
    }

    /// The sources whose books do not add up.
    ///
    /// The parts are read one after the other, so they may be off while datagrams move; they must not
    /// stay off.
    package var imbalances: [LedgerView] { ledger.filter { !$0.books.imbalance.isNone } }
}

extension Pipeline {
    package func snapshot() -> Snapshot {
        let drops = drops.bySource.reduce(into: DropTally()) { total, more in
            total.newest.datagrams += more.newest.datagrams
            total.newest.bytes += more.newest.bytes
            total.oldest.datagrams += more.oldest.datagrams
            total.oldest.bytes += more.oldest.bytes
            total.newestLines += more.newestLines
            total.oldestLines += more.oldestLines
        }
        return Snapshot(
            time: .now,
            listeners: listeners.map { listener in
                Snapshot.ListenerState(
                    name: listener.name, tally: listener.tally, receivers: listener.stages)
            },
            lanes: lanes.map { lane in
                let report = lane.report.withLock { $0 }
                return Snapshot.LaneState(
                    report: report, total: report.total, ring: lane.ring.snapshot(),
                    turns: lane.turns, isWaitingForDatabase: lane.isWaitingForDatabase)
            },
            files: files.map { files in
                Snapshot.FilesState(
                    figures: files.current, turns: files.turns, hasEnded: files.hasEnded)
            },
            sync: sync.state, drops: drops, recoveredFrames: recoveredFrames,
            ledger: lanes.flatMap { LedgerView.all(of: $0.ring, lane: $0.number) })
    }
}
