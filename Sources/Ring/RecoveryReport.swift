/// What opening a ring found of one record of the ledger.
package struct SourceRecovery: Equatable, Sendable {
    /// From `Ring.ledgerIndex(of:)`.
    package let index: Int
    /// Whole frames in the ring that the outcome does not count.
    package internal(set) var inRing = FrameCount()
    /// Whole frames in the ring that the outcome counts: the database has them.
    package internal(set) var counted = FrameCount()
    /// Frames that are lost, but whose header says that they were of this record.
    package internal(set) var damaged = FrameCount()

    init(index: Int) { self.index = index }
}

/// What opening a ring found and did.
package struct RecoveryReport: Equatable, Sendable {
    /// The file was made just now.
    package var isNew: Bool
    /// Bytes for frames: what the file has, which need not be what was configured.
    package var capacity = 0
    /// Whole frames that are in the ring.
    package var frames = 0
    /// Bytes of their payloads.
    package var payloadBytes = 0
    /// The last session ended in order, or at least lost nothing of what it had stored. Otherwise
    /// the machine went down, or the file is a copy.
    package var isComplete = false
    /// Damaged stretches in the order of the ring, at most `RingLimits.damageListedMax` of them.
    package var damages: [Damage] = []
    /// How many there are.
    package var damageCount = 0
    /// Bytes in all of them.
    package var damagedBytes = 0
    /// Bytes of them that could not be put aside: they stay in the file until frames overwrite them,
    /// apart from the first 16 of each stretch, or of each 16 MiB of it.
    package var bytesNotKept = 0
    /// Why not.
    package var keepFailure: RingError?
    /// Bytes that were cut off at the head; they are part of `damagedBytes`.
    package var cutBytes = 0
    /// Frames that the header had counted and that are not in the ring any more. After a power cut
    /// the header itself may be older, so there can have been more.
    package var framesMissing = 0
    /// Where the head leapt to, so that no position is ever used twice.
    package var jumpTarget: UInt64?
    /// Bytes at the file's end that were missing and are zeros now.
    package var restoredBytes = 0
    /// A copy of the header was damaged and is restored.
    package var isHeaderRepaired = false
    /// Names of sources of which at least one copy was damaged.
    package var damagedSourceNames = 0
    /// Records of the ledger with damaged counters: the copy before is used, or they are zero.
    package var damagedLedgerRecords = 0
    /// The records that have frames in the ring, or had damaged ones.
    package var sources: [SourceRecovery] = []

    init(isNew: Bool) {
        self.isNew = isNew
    }

    /// The first byte that was not as it should be.
    package var firstBadPosition: UInt64? { damages.first?.position }

    /// Nothing was lost or damaged.
    package var isFlawless: Bool {
        damageCount == 0 && framesMissing == 0 && restoredBytes == 0 && !isHeaderRepaired
            && damagedSourceNames == 0 && damagedLedgerRecords == 0
    }

    mutating func take(
        _ survey: Survey, _ mark: Mark, _ superblock: Superblock, isVouched: Bool
    ) {
        capacity = superblock.capacity
        frames = survey.frames
        payloadBytes = survey.payloadBytes
        isComplete = isVouched
        sources = survey.sources.filter { $0 != SourceRecovery(index: $0.index) }
        damages = survey.gaps.prefix(RingLimits.damageListedMax).map { Damage($0) }
        damageCount = survey.gaps.count
        damagedBytes = survey.gaps.reduce(0) { $0 + $1.bytes }
        cutBytes = survey.gaps.last.map { $0.kind == .tornHead ? $0.bytes : 0 } ?? 0
        framesMissing = max(0, Int(mark.framesEver - mark.framesGone) - survey.frames)
    }
}

extension Damage {
    init(_ gap: Survey.Gap) {
        self.init(
            kind: gap.kind, position: gap.start.position,
            fileOffset: Layout.headerBytes + gap.start.offset, bytes: gap.bytes,
            source: gap.source)
    }
}
