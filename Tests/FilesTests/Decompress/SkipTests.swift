import Glibc
import Testing

@testable import Files

@Suite struct SkipTests {
    static let content = sensorLines(2000)
    static let files = [content, gzip(content).bytes, zstd(content).bytes]

    @Test(arguments: files)
    func `reading goes on at any place`(file: [UInt8]) throws {
        for target in [0, 1, 1000, 65_536, Self.content.count - 1, Self.content.count] {
            var stream = try FileStream(MemorySource(file, piece: 5000))
            #expect(try skip(&stream, to: target) == target)
            #expect(deliver(rest: stream) == Array(Self.content[target...]))
        }
    }

    @Test(arguments: files)
    func `content that is shorter than the place tells how long it is`(file: [UInt8]) throws {
        var stream = try FileStream(MemorySource(file))
        #expect(try skip(&stream, to: Self.content.count + 1) == Self.content.count)
        #expect(stream.ending == .complete)
    }

    @Test(arguments: files)
    func `a file on disk too`(file: [UInt8]) throws {
        let folder = Folder()
        let descriptor = folder.open(file)
        defer { close(descriptor) }
        for target in [0, 1, 1000, Self.content.count - 1, Self.content.count] {
            var stream = try FileStream(DescriptorSource(file: descriptor, name: "file"))
            #expect(try skip(&stream, to: target) == target)
            #expect(deliver(rest: stream) == Array(Self.content[target...]))
        }
        var stream = try FileStream(DescriptorSource(file: descriptor, name: "file"))
        #expect(try skip(&stream, to: .max) == Self.content.count)
        #expect(stream.ending == .complete)
    }

    @Test func `plain files are not read to be skipped`() throws {
        let folder = Folder()
        let descriptor = folder.open([])
        defer { close(descriptor) }
        // As large as file systems have it; reading that much would take days.
        let size = 1 << 43
        #expect(ftruncate(descriptor, size) == 0)
        var stream = try FileStream(DescriptorSource(file: descriptor, name: "file"))
        #expect(try skip(&stream, to: size - 5) == size - 5)
        #expect(deliver(rest: stream) == [0, 0, 0, 0, 0])
    }

    private func skip<Source: ByteSource & ~Copyable>(
        _ stream: inout FileStream<Source>, to target: Int
    ) throws -> Int {
        var piece = [UInt8](repeating: 0, count: 777)
        return try piece.withUnsafeMutableBytes { bytes throws(FileError) in
            try stream.skip(to: target, using: bytes)
        }
    }

    private func deliver<Source: ByteSource & ~Copyable>(
        rest stream: consuming FileStream<Source>
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while let count = try? piece.withUnsafeMutableBytes({ try stream.read(into: $0) }),
            count > 0
        {
            bytes += piece[..<count]
        }
        return bytes
    }
}
