import Testing

@testable import Ingest

/// However a file is read, and wherever one begins, its lines are shared out in the same way.
@Suite struct ContentCutterTests {
    private struct Piece: Equatable {
        let start: UInt64
        let end: UInt64
        let bytes: [UInt8]
    }

    /// Of two ways to read, the same comes: in the cutter's own memory, and in places that are lent for
    /// each piece, which stay.
    private func pieces(
        _ content: [UInt8], from start: Int = 0, reads: Int, _ stripes: ImportPlan.Stripes?
    ) -> [Piece] {
        let own = pieces(content, from: start, reads: reads, stripes, isLent: false)
        let lent = pieces(content, from: start, reads: reads, stripes, isLent: true)
        #expect(own == lent)
        return own
    }

    private func pieces(
        _ content: [UInt8], from start: Int, reads: Int, _ stripes: ImportPlan.Stripes?,
        isLent: Bool
    ) -> [Piece] {
        var cutter = ContentCutter()
        cutter.restart(at: UInt64(start))
        let places = (0..<2).map { _ in
            UnsafeMutableRawBufferPointer.allocate(
                byteCount: ContentCutter.placeBytes, alignment: 8)
        }
        defer { for place in places { place.deallocate() } }
        var place = start
        var pieces: [Piece] = []
        if isLent { cutter.move(to: places[0]) }
        while let piece = cutter.next(
            before: { stripes?.boundary(after: $0) },
            read: { target -> Int in
                let count = min(reads, target.count, content.count - place)
                target.copyBytes(from: content[place..<place + count])
                place += count
                return count
            })
        {
            if !isLent {
                pieces.append(Piece(start: piece.start, end: piece.end, bytes: Array(piece.lines)))
            }
            cutter.consume()
            if isLent {
                pieces.append(Piece(start: piece.start, end: piece.end, bytes: Array(piece.lines)))
                let next = cutter.offset
                #expect(next == piece.end)
                // The other place has what stood in it.
                cutter.move(to: places[pieces.count % 2])
            }
        }
        let isDone = cutter.isDone
        #expect(isDone)
        return pieces
    }

    /// Lines, and bad strings that reach over them, so that cuts are hard to find.
    private func content(_ bytes: Int, _ random: inout SystemRandomNumberGenerator) -> [UInt8] {
        var content: [UInt8] = []
        while content.count < bytes {
            switch Int.random(in: 0..<12, using: &random) {
            case 0: content += Array("m f=\"a\nb\nc\" 1\n".utf8)
            case 1: content += Array("m f=\"never closed 1\n".utf8)
            case 2: content += Array("# it's \" a comment\n".utf8)
            case 3:
                content += [UInt8](repeating: UInt8(ascii: "x"), count: 70_000) + Array("\n".utf8)
            default:
                content += Array("m,t=x f=\(Int.random(in: 0...999_999, using: &random)) 1\n".utf8)
            }
        }
        return content
    }

    @Test func `pieces are all of the content, in order`() {
        var random = SystemRandomNumberGenerator()
        let content = content(600_000, &random)
        for reads in [1_000, 4_096, 1 << 20] {
            let pieces = pieces(content, reads: reads, nil)
            #expect(pieces.first?.start == 0)
            #expect(pieces.last?.end == UInt64(content.count))
            for (before, after) in zip(pieces, pieces.dropFirst()) {
                #expect(before.end == after.start)
            }
            let whole = pieces.filter { Int($0.end - $0.start) == $0.bytes.count }
            #expect(whole.allSatisfy { Array(content[Int($0.start)..<Int($0.end)]) == $0.bytes })
        }
    }

    @Test func `every run gives each line to the same stripe`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<6 {
            let content = content(1_500_000, &random)
            let stripes = ImportPlan.Stripes(base: 0, count: 3, bytes: 100_000)
            let first = pieces(content, reads: 1 << 20, stripes)
            // Where a stripe ends is where the next piece has another index.
            let cuts = Self.borders(first, stripes)
            for reads in [3_333, 65_536] {
                let others = pieces(content, reads: reads, stripes)
                #expect(Self.borders(others, stripes) == cuts)
                // Another run begins at the end of any piece.
                let start = others[others.count / 2].start
                let rest = pieces(content, from: Int(start), reads: reads, stripes)
                #expect(Self.borders(rest, stripes) == cuts.filter { $0 > start })
            }
        }
    }

    private static func borders(_ pieces: [Piece], _ stripes: ImportPlan.Stripes) -> [UInt64] {
        zip(pieces, pieces.dropFirst()).filter { before, after in
            before.start / UInt64(stripes.bytes) != after.start / UInt64(stripes.bytes)
        }.map(\.1.start)
    }

    @Test func `a line that is too long is passed over, but for its beginning`() {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20)
        let content = Array("m f=1\n".utf8) + long + Array("\nm f=2\n".utf8)
        for reads in [5_000, 1 << 20] {
            let pieces = pieces(content, reads: reads, nil)
            #expect(pieces.map(\.bytes.count).max()! < 70_000)
            #expect(pieces.last!.end == UInt64(content.count))
            #expect(pieces.flatMap(\.bytes).suffix(6).elementsEqual("m f=2\n".utf8))
        }
    }
}
