/// Clears blocks of the ledger that are not valid, so that nobody stumbles over them again.
struct LedgerRepair {
    let header: Region
    let seed: UInt32

    /// - Parameter isVouched: only then was each block whole before: a power cut leaves torn ones,
    ///   and then nothing is wrong as long as a record's other copy is there.
    /// - Returns: records with damaged counters.
    func perform(isVouched: Bool) -> Int {
        let intake = IntakeLedger(header: header, seed: seed)
        let outcomes = OutcomeLedger(header: header, seed: seed, confirmed: 0)
        var damaged = 0
        for index in 0..<LedgerLimits.recordCount {
            let blocks: [[(place: LedgerBlock, isValid: Bool)]] = [
                (0...1).map {
                    (intake.place(index, copy: $0), intake.isValid(index, copy: $0))
                },
                (0...1).map {
                    (outcomes.place(index, copy: $0), outcomes.isValid(index, copy: $0))
                },
            ]
            if blocks.contains(where: { isDamaged($0, isVouched) }) { damaged += 1 }
            for block in blocks.joined() where !block.isValid { clear(block.place) }
        }
        return damaged
    }

    private func isDamaged(
        _ copies: [(place: LedgerBlock, isValid: Bool)], _ isVouched: Bool
    ) -> Bool {
        let hasDamage = copies.contains { block in
            !block.isValid && [.damaged, .whole].contains(block.place.content)
        }
        return hasDamage && (isVouched || !copies.contains { $0.isValid })
    }

    private func clear(_ place: LedgerBlock) {
        if place.content != .blank { place.erase() }
    }
}
