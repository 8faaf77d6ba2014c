import Testing

@testable import Files

@Suite struct DamageTests {
    static let content = sensorLines(40)
    /// Several flushed parts, so that it can be said what must come out before a fault.
    static let files: [(format: CompressedFormat, file: Compressed)] = [
        (.gzip, gzip(content, part: 300)), (.zstd, zstd(content, part: 300)),
    ]
    static let pieces = [(Int.max, 65_536), (1, 65_536), (Int.max, 1), (11, 301)]

    @Test(arguments: files, pieces)
    func `a file that is cut off gives all that came before the cut`(
        file: (format: CompressedFormat, file: Compressed), sizes: (Int, Int)
    ) throws {
        var last = 0
        for cut in CompressedFormat.magicBytesMax..<file.file.bytes.count {
            let delivery = try deliver(
                Array(file.file.bytes[..<cut]), piece: sizes.0, output: sizes.1)
            let fault = StreamFault(
                kind: .cutOff, format: file.format, offset: cut, memberOffset: 0)
            #expect(delivery.fault == fault)
            #expect(delivery.consumed == cut)
            #expect(Self.content.starts(with: delivery.bytes))
            #expect(delivery.bytes.count >= max(last, file.file.plainBytes(in: cut)))
            last = delivery.bytes.count
        }
        #expect(last == Self.content.count)
    }

    @Test(arguments: files)
    func `a second member that is cut off leaves the first whole`(
        file: (format: CompressedFormat, file: Compressed)
    ) throws {
        let first = file.file.bytes
        for cut in 1..<first.count {
            let delivery = try deliver(first + first[..<cut], piece: 100)
            let fault = StreamFault(
                kind: .cutOff, format: file.format, offset: first.count + cut,
                memberOffset: first.count)
            #expect(delivery.fault == fault)
            let expected = Self.content.count + file.file.plainBytes(in: cut)
            #expect(delivery.bytes.count >= expected)
            #expect((Self.content + Self.content).starts(with: delivery.bytes))
        }
    }

    @Test(arguments: files, pieces)
    func `one flipped bit is found, and what came before it delivered`(
        file: (format: CompressedFormat, file: Compressed), sizes: (Int, Int)
    ) throws {
        // Without the format's magic number the file would be a plain one.
        let begin = file.format == .gzip ? CompressedFormat.gzipMagic.count : 4
        for index in begin..<file.file.bytes.count {
            var bytes = file.file.bytes
            bytes[index] ^= 1 << UInt8(index % 8)
            let delivery = try deliver(bytes, piece: sizes.0, output: sizes.1)
            let sound = file.file.plainBytes(in: index)
            #expect(delivery.bytes.prefix(sound) == Self.content.prefix(sound), "byte \(index)")
            // Some bits mean nothing, such as those of the time in gzip's header.
            #expect(
                delivery.ending != .complete || delivery.bytes == Self.content, "byte \(index)")
        }
    }

    @Test func `a wrong checksum is found at its place`() throws {
        for (format, file) in Self.files {
            var bytes = file.bytes
            let place = format == .gzip ? bytes.count - 8 : bytes.count - 4
            bytes[place] ^= 0x80
            let delivery = try deliver(bytes)
            let fault = try #require(delivery.fault)
            #expect(delivery.bytes == Self.content)
            #expect((place...bytes.count).contains(fault.offset))
            guard case .corrupt = fault.kind else {
                Issue.record("\(fault)")
                continue
            }
        }
    }

    @Test func `gzip's length is verified`() throws {
        var bytes = gzip(Self.content).bytes
        bytes[bytes.count - 1] ^= 1
        let delivery = try deliver(bytes)
        #expect(delivery.bytes == Self.content)
        #expect(delivery.fault?.kind == .corrupt("incorrect length check"))
    }

    @Test func `faults say what, where and what to do on one line`() {
        let kinds: [(StreamFault.Kind, String)] = [
            (
                .cutOff,
                "the file is cut off: it ends at byte 9, within the gzip member that "
                    + "begins at byte 5; get the whole file"
            ),
            (
                .corrupt("bad"),
                "damaged at byte 9, in the gzip member that begins at byte 5: bad; "
                    + "get an undamaged copy"
            ),
            (
                .garbage,
                "what follows at byte 9 is not gzip; look whether something was appended by mistake"
            ),
        ]
        for (kind, text) in kinds {
            let fault = StreamFault(kind: kind, format: .gzip, offset: 9, memberOffset: 5)
            #expect(fault.description == text)
        }
    }
}
