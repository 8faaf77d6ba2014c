import Testing

@testable import Files

@Suite struct MemberTests {
    static let one = sensorLines(20)
    static let two = sensorLines(3)
    static let pieces = [(Int.max, 65_536), (1, 65_536), (Int.max, 1), (1, 1)]

    @Test(arguments: pieces)
    func `members and frames are read as one file`(piece: Int, output: Int) throws {
        for compress in [{ gzip($0).bytes }, { zstd($0).bytes }, zstdOfKnownSize]
            as [([UInt8]) -> [UInt8]]
        {
            let file = compress(Self.one) + compress(Self.two) + compress(Self.one)
            let delivery = try deliver(file, piece: piece, output: output)
            #expect(delivery.bytes == Self.one + Self.two + Self.one)
            #expect(delivery.ending == .complete)
            #expect(delivery.consumed == file.count)
        }
    }

    @Test(arguments: pieces)
    func `empty members and frames are nothing`(piece: Int, output: Int) throws {
        for (empty, full) in [
            (gzip([]).bytes, gzip(Self.one).bytes), (zstd([]).bytes, zstd(Self.one).bytes),
            (zstdOfKnownSize([]), zstdOfKnownSize(Self.one)),
        ] {
            #expect(try deliver(empty, piece: piece, output: output).ending == .complete)
            let file = empty + empty + full + empty + full + empty
            let delivery = try deliver(file, piece: piece, output: output)
            #expect(delivery.bytes == Self.one + Self.one)
            #expect(delivery.ending == .complete)
        }
    }

    @Test(arguments: pieces)
    func `skippable frames are left out wherever they stand`(piece: Int, output: Int) throws {
        let frame = zstd(Self.one).bytes
        let skipped = skippableFrame(Array(repeating: 0x28, count: 1000), variant: 0x0F)
        let none = skippableFrame([])
        let file = skipped + none + frame + skipped + frame + none
        let delivery = try deliver(file, piece: piece, output: output)
        #expect(delivery.bytes == Self.one + Self.one)
        #expect(delivery.ending == .complete)
        #expect(delivery.consumed == file.count)
    }

    @Test(arguments: pieces)
    func `zero bytes behind the last gzip member are padding`(piece: Int, output: Int) throws {
        for count in [1, 2, 3, 511, 100_000] {
            let file = gzip(Self.one).bytes + Array(repeating: 0, count: count)
            let delivery = try deliver(file, piece: piece, output: output)
            #expect(delivery.bytes == Self.one)
            #expect(delivery.ending == .complete)
            #expect(delivery.consumed == file.count)
        }
    }

    @Test(arguments: pieces)
    func `what follows the padding is garbage, another member too`(
        piece: Int, output: Int
    ) throws {
        let member = gzip(Self.one).bytes
        let delivery = try deliver(
            member + [0, 0, 0] + member, piece: piece, output: output)
        let place = member.count + 3
        #expect(delivery.bytes == Self.one)
        #expect(
            delivery.fault
                == StreamFault(kind: .garbage, format: .gzip, offset: place, memberOffset: place))
    }

    @Test(arguments: [
        [0x41], [0x1F, 0x8B, 0x09], [0x1F, 0x41, 0x41, 0x41], Array("weather t=1\n".utf8),
    ])
    func `other bytes behind the last member are garbage`(garbage: [UInt8]) throws {
        for (format, file) in [
            (CompressedFormat.gzip, gzip(Self.one).bytes), (.zstd, zstd(Self.one).bytes),
        ] {
            let delivery = try deliver(file + garbage, piece: 1)
            #expect(delivery.bytes == Self.one)
            #expect(
                delivery.fault
                    == StreamFault(
                        kind: .garbage, format: format, offset: file.count,
                        memberOffset: file.count))
        }
    }

    @Test func `zero bytes behind a zstd frame are garbage, as zstd has it`() throws {
        let file = zstd(Self.one).bytes
        #expect(try deliver(file + [0]).fault?.kind == .garbage)
    }
}
