import LineProtocol
import Testing

/// Wherever a stream is cut, its parts decode as the whole.
@Suite struct LineCutterTests {
    private static let lineBytesMax = 64

    private func results(_ bytes: [UInt8]) -> [String] {
        var decoder = Decoder(lineBytesMax: Self.lineBytesMax)
        var batch = DecodedBatch(lineCapacity: 16, lineBytesMax: Self.lineBytesMax)
        var results: [String] = []
        bytes.withUnsafeBytes { payload in
            var offset = 0
            while offset < payload.count {
                offset = decoder.decode(
                    payload, from: offset, precision: .nanoseconds, isContinuation: true,
                    into: &batch)
                for index in 0..<batch.lineCount {
                    let line = batch.line(index)
                    // Which kind of error a broken string is may depend on what is behind the cut.
                    results.append(
                        line.error == nil
                            ? String(decoding: line.raw.buffer, as: UTF8.self) : "error")
                }
            }
        }
        return results
    }

    /// Feeds a file's content in pieces, as a reader does, and decodes each cut by itself.
    private func resultsInParts(_ content: [UInt8], pieces: Int) -> [String] {
        var cutter = LineCutter(lineBytesMax: Self.lineBytesMax)
        var results: [String] = []
        var pending: [UInt8] = []
        var isSkipping = false
        var offset = 0
        func take(_ count: Int) {
            results += self.results(Array(pending[..<count]))
            pending.removeFirst(count)
        }
        while offset < content.count {
            let piece = content[offset..<min(offset + pieces, content.count)]
            offset += piece.count
            pending += piece
            while true {
                if isSkipping {
                    guard let end = pending.firstIndex(of: UInt8(ascii: "\n")) else {
                        pending.removeAll()
                        break
                    }
                    pending.removeFirst(end + 1)
                    isSkipping = false
                }
                let cut = pending.withUnsafeBytes { cutter.cut($0) }
                if case .incomplete = cut { break }
                switch cut {
                case .lines(let count): take(count)
                case .tooLong(let keep):
                    take(keep)
                    isSkipping = true
                case .incomplete: break
                }
            }
        }
        if !isSkipping { take(pending.count) }
        return results
    }

    @Test func `whole lines are cut off, and the rest waits`() {
        var cutter = LineCutter(lineBytesMax: 64)
        func cut(_ text: String) -> LineCutter.Cut {
            Array(text.utf8).withUnsafeBytes { cutter.cut($0) }
        }
        #expect(cut("") == .incomplete)
        #expect(cut("a b=1") == .incomplete)
        #expect(cut("a b=1\n") == .lines(6))
        #expect(cut("a b=1\na b=2\na b") == .lines(12))
        #expect(cut("a b=\"x\ny\"\n") == .lines(10))
        #expect(cut("a b=1\na b=\"x\ny") == .lines(6))
        #expect(cut("# it's \"\na b=1\n") == .lines(15))
        #expect(cut(String(repeating: "x", count: 66)) == .incomplete)
        #expect(cut(String(repeating: "x", count: 67)) == .tooLong(keep: 67))
        #expect(cut("a b=1\n" + String(repeating: "x", count: 90)) == .lines(6))
    }

    @Test func `cut anywhere, the parts decode as the whole`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let parts = [
            "a b=1", "m,t=x f=\"s\"", "\n", "\n", "\n", "\"", "f=\"a\nb\"", "# c \" d", " ", "\\",
            "\r\n",
            String(repeating: "y", count: 70), "m f=\"" + String(repeating: "z", count: 40), "é",
            "\0",
        ]
        for round in 0..<3_000 {
            let content = (0..<Int.random(in: 1...24, using: &random)).flatMap { _ in
                Array(parts.randomElement(using: &random)!.utf8)
            }
            let whole = results(content)
            for pieces in [1, 3, 17, 1_000] {
                let inParts = resultsInParts(content, pieces: pieces)
                #expect(
                    inParts == whole,
                    "round \(round), seed \(seed), \(String(decoding: content, as: UTF8.self).debugDescription)"
                )
                if inParts != whole { return }
            }
        }
    }
}
