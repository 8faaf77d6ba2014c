import Glibc

/// Random numbers that come again from the same seed.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// Weyl sequence and a mixing of its bits (SplitMix64).
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// The seed for a random test: `SLUICE_SEED` to replay one, else a new one; printed either way.
package func randomSeed(for test: String) -> UInt64 {
    let given = getenv("SLUICE_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 0...UInt64(UInt32.max))
    print("\(test): SLUICE_SEED=\(seed)")
    return seed
}

/// How much of a long test to do: `SLUICE_EFFORT`, 1 when nothing is said.
package let effort = getenv("SLUICE_EFFORT").flatMap { Int(String(cString: $0)) } ?? 1
