import Testing

@testable import Files

@Suite struct LargeFileTests {
    /// A megabyte of lines that compresses well.
    static let megabyte = [UInt8](
        Array("zeros v=0 1700000000000000000\n".utf8).repeated(to: 1 << 20))

    @Test(arguments: [CompressedFormat.gzip, .zstd])
    func `a GiB in a few megabytes is counted to the byte`(format: CompressedFormat) throws {
        let member =
            format == .gzip
            ? gzip(Self.megabyte.repeated(to: 64 << 20), part: 1 << 20)
            : zstd(Self.megabyte.repeated(to: 64 << 20), part: 1 << 20)
        let source = RepeatedSource(member: member.bytes, count: 16)
        var stream = try FileStream(source)
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        var count = 0
        while true {
            let size = try piece.withUnsafeMutableBytes { try stream.read(into: $0) }
            if size == 0 { break }
            count += size
        }
        #expect(count == 1 << 30)
        #expect(stream.producedBytes == 1 << 30)
        #expect(stream.consumedBytes == 16 * member.bytes.count)
        #expect(stream.ending == .complete)
    }
}

/// The same member several times.
private struct RepeatedSource: ByteSource {
    let name = "members"
    let member: [UInt8]
    var count: Int
    private var position = 0

    init(member: [UInt8], count: Int) {
        self.member = member
        self.count = count
    }

    mutating func read(into output: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        if count == 0 { return 0 }
        let size = min(output.count, member.count - position)
        output.copyBytes(from: member[position..<position + size])
        position += size
        if position == member.count { (position, count) = (0, count - 1) }
        return size
    }
}

extension [UInt8] {
    fileprivate func repeated(to size: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        while bytes.count < size { bytes += prefix(size - bytes.count) }
        return bytes
    }
}
