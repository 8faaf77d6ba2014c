import Testing

@testable import Files

@Suite struct WindowTests {
    static let content = sensorLines(5)

    @Test(arguments: [10, 21, 23, 25] as [Int32])
    func `a window within the limit takes no more memory than is said`(windowLog: Int32) throws {
        let file = zstd(Self.content, windowLog: windowLog).bytes
        let decompressor = try #require(ZstdDecompressor())
        #expect(file.withUnsafeBufferPointer { decompressor.begin($0.span) } == .member)
        var output = [UInt8](repeating: 0, count: Self.content.count)
        var (consumed, produced) = (0, 0)
        var outcome = Step.Outcome.unfinished
        while outcome == .unfinished {
            let step = file[consumed...].withUnsafeBytes { input in
                output.withUnsafeMutableBytes {
                    decompressor.step(
                        input, UnsafeMutableRawBufferPointer(rebasing: $0[produced...]))
                }
            }
            (consumed, produced) = (consumed + step.consumed, produced + step.produced)
            outcome = step.outcome
        }
        #expect(outcome == .memberEnd)
        #expect(output == Self.content)
        #expect(decompressor.memoryBytes >= 1 << Int(windowLog))
        #expect(decompressor.memoryBytes <= FilesLimits.zstdStateBytesMax)
        #expect(decompressor.memoryBytes <= (1 << Int(windowLog)) + (1 << 20))
    }

    @Test(arguments: [(26, "64 MiB"), (27, "128 MiB"), (31, "2 GiB")] as [(UInt8, String)])
    func `a larger window is refused by its size`(windowLog: UInt8, size: String) throws {
        let first = zstd(Self.content).bytes
        // A descriptor without anything, a window, and an empty last block.
        let file = first + [0x28, 0xB5, 0x2F, 0xFD, 0, (windowLog - 10) << 3, 1, 0, 0]
        for piece in [Int.max, 1] {
            let delivery = try deliver(file, piece: piece)
            let fault = try #require(delivery.fault)
            #expect(delivery.bytes == Self.content)
            #expect(fault.kind == .windowTooLarge(bytes: 1 << UInt64(windowLog)))
            #expect(fault.memberOffset == first.count)
            #expect(
                fault.description == """
                    the zstd frame that begins at byte \(first.count) needs a window of \(size), \
                    the limit is 32 MiB; compress it with --long=25 or at level 19, or \
                    decompress it before
                    """)
        }
    }

    @Test func `a frame made with a large window is refused by libzstd's own header`() throws {
        let delivery = try deliver(zstd(Self.content, level: 1, windowLog: 27).bytes)
        #expect(delivery.bytes.isEmpty)
        #expect(delivery.fault?.kind == .windowTooLarge(bytes: 128 << 20))
    }

    @Test func `the window of a single segment is its content`() throws {
        // Eight bytes of content size, and no window.
        let content: UInt64 = 3 << 32
        let size = (0..<8).map { UInt8(truncatingIfNeeded: content >> UInt64(8 * $0)) }
        let delivery = try deliver([0x28, 0xB5, 0x2F, 0xFD, 0xE0] + size + [1, 0, 0])
        #expect(delivery.fault?.kind == .windowTooLarge(bytes: content))
    }

    @Test(arguments: [1, 3, 9, 15, 19] as [Int32])
    func `files of the ordinary levels are read`(level: Int32) throws {
        let content = sensorLines(3000)
        let delivery = try deliver(zstd(content, level: level).bytes)
        #expect(delivery.bytes == content)
        #expect(delivery.ending == .complete)
    }

    @Test func `a frame that needs a dictionary is refused`() throws {
        // One byte of dictionary ID.
        let file: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x01, 0x58, 7, 1, 0, 0]
        let fault = try #require(try deliver(file).fault)
        #expect(fault.kind == .needsDictionary)
        #expect(
            fault.description
                == "the zstd frame that begins at byte 0 needs a dictionary; decompress it before, "
                + "with zstd -d -D")
    }

    @Test func `the memory of a stream is the sum of its parts`() {
        #expect(FilesLimits.zstdWindowBytesMax == 32 << 20)
        #expect(FilesLimits.streamBytesMax == (64 << 10) + (33 << 20))
    }
}
