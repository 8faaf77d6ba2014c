import Glibc
import Testing

@testable import Files

@Suite struct FileStreamTests {
    static let content = sensorLines(60)
    static let plain = content
    static let files: [[UInt8]] = [
        plain, gzip(content).bytes, zstd(content).bytes, zstdOfKnownSize(content),
        gzip(content, part: 200).bytes, zstd(content, part: 200).bytes,
    ]

    @Test(arguments: files, [(Int.max, 65_536), (1, 65_536), (Int.max, 1), (1, 1), (7, 13)])
    func `pieces of any size give the same bytes`(file: [UInt8], sizes: (Int, Int)) throws {
        let delivery = try deliver(file, piece: sizes.0, output: sizes.1)
        #expect(delivery.bytes == Self.content)
        #expect(delivery.ending == .complete)
        #expect(delivery.consumed == file.count)
    }

    @Test(arguments: files)
    func `what was read before may be any part of the file`(file: [UInt8]) throws {
        for count in [0, 1, 2, 3, 4, 5, 17, 18, 19, file.count - 1, file.count] {
            let source = MemorySource(Array(file[count...]), piece: 3)
            let stream = try FileStream(source, prefix: file.span.extracting(first: count))
            let delivery = deliver(stream)
            #expect(delivery.bytes == Self.content)
            #expect(delivery.ending == .complete)
            #expect(delivery.consumed == file.count)
        }
    }

    @Test(arguments: files)
    func `a read that fails can be tried again`(file: [UInt8]) throws {
        for failure in [2, 5, 20] {
            // The stream's opening reads up to four times; those errors are the caller's.
            let source = MemorySource(file, piece: 5, failures: [failure, failure + 1])
            guard let stream = try? FileStream(source) else { continue }
            let delivery = deliver(stream, output: 64)
            #expect(delivery.bytes == Self.content)
            #expect(delivery.ending == .complete)
            #expect(delivery.errors == 2)
        }
    }

    @Test func `the format is told before the first piece`() throws {
        #expect(try FileStream(MemorySource(Self.files[0], piece: 1)).format == .plain)
        #expect(try FileStream(MemorySource(Self.files[1], piece: 1)).format == .gzip)
        #expect(try FileStream(MemorySource(Self.files[2], piece: 1)).format == .zstd)
        #expect(try FileStream(MemorySource(skippableFrame([1]), piece: 1)).format == .zstd)
    }

    @Test(arguments: [
        [], [0x1F], [0x1F, 0x8B], [0x28, 0xB5, 0x2F], [0x50], [0x50, 0x2A, 0x4D], [0],
    ])
    func `an empty file and a short one are plain`(file: [UInt8]) throws {
        let delivery = try deliver(file, piece: 1)
        #expect(delivery == Delivery(bytes: file, ending: .complete, consumed: file.count))
    }

    @Test func `deflate is the only method of gzip`() throws {
        let file: [UInt8] = [0x1F, 0x8B, 0x07, 0, 0, 0]
        #expect(try deliver(file).bytes == file)
    }

    @Test func `progress counts raw bytes`() throws {
        let file = gzip(sensorLines(20_000)).bytes
        var stream = try FileStream(MemorySource(file, piece: 1000))
        var piece = [UInt8](repeating: 0, count: 4096)
        var last = 0
        while try piece.withUnsafeMutableBytes({ try stream.read(into: $0) }) > 0 {
            #expect(stream.consumedBytes >= last)
            #expect(stream.consumedBytes <= file.count)
            #expect(stream.ending == nil || stream.consumedBytes == file.count)
            last = stream.consumedBytes
        }
        #expect(stream.consumedBytes == file.count)
    }
}
