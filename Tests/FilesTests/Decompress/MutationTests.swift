import TestSupport
import Testing

@testable import Files

@Suite struct MutationTests {
    static let content = sensorLines(30)
    static let files: [[UInt8]] = [
        content, gzip(content, part: 250).bytes, zstd(content, part: 250).bytes,
        zstdOfKnownSize(content), skippableFrame([1, 2, 3]) + zstd(content).bytes,
        gzip(content).bytes + gzip(content).bytes + [0, 0],
    ]
    static let rounds = 3000

    @Test func `no mutation of a file ends the process, loops or grows without bound`() throws {
        var random = SeededGenerator(seed: randomSeed(for: "MutationTests"))
        for _ in 0..<Self.rounds {
            let file = mutated(Self.files.randomElement(using: &random)!, &random)
            let piece = Int.random(in: 1...300, using: &random)
            let output = Int.random(in: 1...5000, using: &random)
            let delivery = try deliver(file, piece: piece, output: output)
            #expect(delivery.ending != nil)
            #expect(delivery.consumed <= file.count)
            #expect(delivery.bytes.count <= outputBytesMax(file))
            // The size of the pieces must not matter, for the fault and its place neither.
            let other = try deliver(file)
            #expect(delivery.bytes == other.bytes)
            #expect(delivery.ending == other.ending)
        }
    }

    /// A block of zstd has 4 bytes at least and 128 KiB of content at most; deflate yields less.
    private func outputBytesMax(_ file: [UInt8]) -> Int { (file.count / 4 + 1) << 17 }

    private func mutated(_ file: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = file
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            mutate(&bytes, &random)
        }
        return bytes
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard let place = bytes.indices.randomElement(using: &random) else { return }
        let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = .random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.removeSubrange(place...)
        case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 5: bytes += Self.files.randomElement(using: &random)!
        default: bytes[min(place, 17) % bytes.count] = .random(in: 0...255, using: &random)
        }
    }
}
