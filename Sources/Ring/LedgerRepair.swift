/// Finds blocks of the ledger that are not valid, and clears them, so that nobody stumbles over them
/// again.
struct LedgerRepair {
    private typealias Copies = [(place: LedgerBlock, isValid: Bool)]

    let header: Region
    let seed: UInt32

    /// How many records have damaged counters.
    ///
    /// - Parameter isVouched: only then was each block whole before: a power cut leaves torn ones,
    ///   and then nothing is wrong as long as a record's other copy is there.
    func damagedRecords(isVouched: Bool) -> Int {
        blocks.count { record in record.contains { isDamaged($0, isVouched) } }
    }

    /// Clears what is not valid.
    func perform() {
        for block in blocks.joined().joined()
        where !block.isValid && block.place.content != .blank {
            block.place.erase()
        }
    }

    /// By record, both kinds with both copies.
    private var blocks: [[Copies]] {
        let intake = IntakeLedger(header: header, seed: seed)
        let outcomes = OutcomeLedger(header: header, seed: seed, confirmed: 0)
        return (0..<LedgerLimits.recordCount).map { index in
            [
                (0...1).map {
                    (intake.place(index, copy: $0), intake.isValid(index, copy: $0))
                },
                (0...1).map {
                    (outcomes.place(index, copy: $0), outcomes.isValid(index, copy: $0))
                },
            ]
        }
    }

    private func isDamaged(_ copies: Copies, _ isVouched: Bool) -> Bool {
        let hasDamage = copies.contains { block in
            !block.isValid && [.damaged, .whole].contains(block.place.content)
        }
        return hasDamage && (isVouched || !copies.contains { $0.isValid })
    }
}
