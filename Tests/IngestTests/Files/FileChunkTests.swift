import Testing

@testable import Ingest

/// What stands in a frame and in the database comes back as it was.
@Suite struct FileChunkTests {
    private let key = FileKey(
        FileIdentity(device: 65_024, inode: 16_385_751), FileFingerprint(length: 4_096, hash: 0xAB))

    @Test func `a key's text is read back`() {
        #expect(key.text == "file:65024:16385751:4096:00000000000000ab")
        var part = key
        part.stripe = FileStripe(base: 7, index: 2, count: 3, bytes: 1 << 20)
        #expect(part.text == "file:65024:16385751:4096:00000000000000ab:7+2/3x1048576")
        for key in [key, part] { #expect(FileKey(text: key.text) == key) }
    }

    @Test func `other texts are no keys`() {
        for text in [
            "", "file:", "file:1:2:3", "file:1:2:3:zz", "file:1:2:3:4:5", "file:1:2:3:4:1+3/3x1",
            "file:1:2:3:4:1+0/3x1:6", "file:-1:2:3:4",
        ] {
            #expect(FileKey(text: text) == nil, "\(text)")
        }
    }

    @Test func `a chunk is read back from its frame`() {
        for (stripe, flags) in [
            (nil, []), (FileStripe(base: 1 << 40, index: 15, count: 16, bytes: .max), .restart),
            (nil, [.isLast, .isBroken]),
        ] as [(FileStripe?, FileChunk.Flags)] {
            var key = key
            key.stripe = stripe
            let chunk = FileChunk(key, start: 1 << 40, end: 1 << 41, flags: flags)
            var bytes = [UInt8](repeating: 0xFF, count: FileChunk.byteCount + 3)
            bytes.withUnsafeMutableBytes { chunk.write(to: $0) }
            bytes.withUnsafeBytes { payload in
                #expect(FileChunk(payload) == chunk)
                #expect(FileChunk.lines(of: payload).count == 3)
            }
        }
    }

    @Test func `what cannot be a chunk is none`() {
        let zeros = [UInt8](repeating: 0, count: FileChunk.byteCount)
        for change in [(24, 1), (39, 0x80)] {
            var bytes = zeros
            bytes[change.0] = UInt8(change.1)
            bytes.withUnsafeBytes { #expect(FileChunk($0) == nil) }
        }
        zeros[1...].withUnsafeBytes { #expect(FileChunk($0) == nil) }
    }

    @Test func `a fingerprint matches what begins with the same bytes`() {
        let bytes = Array("# logger\nm f=1\n".utf8)
        let short = bytes[..<9].withUnsafeBytes { FileFingerprint(of: $0) }
        bytes.withUnsafeBytes { #expect(short.matches($0)) }
        bytes[..<8].withUnsafeBytes { #expect(!short.matches($0)) }
        bytes[1...].withUnsafeBytes { #expect(!short.matches($0)) }
        // FNV-1a's published value for "a".
        #expect(
            [UInt8(ascii: "a")].withUnsafeBytes { FileFingerprint(of: $0).hash }
                == 0xaf63_dc4c_8601_ec8c)
    }

    @Test func `a machine has one identity, and another than others`() {
        let one = HostIdentity.text(of: Array("0123456789abcdef0123456789abcdef".utf8))
        #expect(one.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil)
        #expect(one != HostIdentity.text(of: Array("0123456789abcdef0123456789abcdee".utf8)))
        #expect(HostIdentity.text(of: []) == "00000000-0000-0000-0000-000000000000")
    }
}
