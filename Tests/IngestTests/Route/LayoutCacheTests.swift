import LineProtocol
import TestSupport
import Testing

@testable import Ingest

/// Layouts that were met before are found again, by whichever way.
@Suite struct LayoutCacheTests {
    private static let shapes = [
        "m,t=1 f=#", "m,t=1 f=#", "m,t=1 f=#,g=#", "m,u=1 f=#", "n,t=1 f=#", "m t=#,f=#",
        "m,t=a\\ b f=#", "m,t=1 f\\ x=#", "m,t=1 f=\"#\"",
    ]

    private func name(_ line: DecodedLine, _ items: UnsafeBufferPointer<Item>) -> String {
        let keys = items.map(\.key.text).joined(separator: "|")
        return "\(line.measurement.text)|\(line.tagCount)|\(keys)"
    }

    @Test func `lines of any order come to the layout of their names`() {
        var random = SystemRandomNumberGenerator()
        var cache = LayoutCache()
        var batch = DecodedBatch(lineCapacity: 100, lineBytesMax: 1_000)
        var decoder = Decoder(lineBytesMax: 1_000)
        var indexes: [String: Int] = [:]
        for round in 0..<2_000 {
            if round % 100 == 99 {
                cache.removeAll()
                indexes = [:]
            }
            // Runs of one shape, as senders have them, and changes between.
            var shape = Self.shapes.randomElement(using: &random)!
            var text = ""
            for number in 0..<20 {
                if Int.random(in: 0..<6, using: &random) == 0 {
                    shape = Self.shapes.randomElement(using: &random)!
                }
                text += shape.replacing("#", with: "\(number)") + " \(number)\n"
            }
            Array(text.utf8).withUnsafeBytes { bytes in
                _ = decoder.decode(bytes, precision: .nanoseconds, into: &batch)
                for place in 0..<batch.lineCount {
                    let line = batch.line(place)
                    let items = batch.items(of: line)
                    let found = cache.index(of: batch.place(ofLine: place), items.baseAddress!)
                    #expect(found == indexes[name(line, items)], "\(line.raw.text)")
                    if found == nil {
                        indexes[name(line, items)] = cache.insert(line, items.baseAddress!)
                    }
                }
            }
        }
    }
}
