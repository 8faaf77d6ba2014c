import Testing

@testable import Ring

/// The newest mark is damaged, and the frame that it alone knew of.
@Suite struct MarkDamageTests {
    @Test func `no position is used twice behind a mark that is damaged`() throws {
        let folder = Folder()
        let path = folder.file("ring")
        var ends: [UInt64] = []
        let bytes: [UInt8] = try {
            let (ring, _) = try openRing(path)
            for name in ["first", "second"] {
                ring.append([text(name)])
                ends.append(ring.head)
            }
            return readFile(path)
        }()
        for slot in [Layout.markSlots.first, Layout.markSlots.second] {
            var changed = bytes
            changed[slot + 16] ^= 1
            changed[Layout.headerBytes + Int(ends[0])] ^= 1
            writeFile(path, changed)
            let (ring, _) = try openRing(path)
            #expect(ring.contents() == [text("first")])
            ring.append([text("third")])
            #expect(ring.head > ends[1] + 64, "the database may know \(ends[1])")
        }
    }
}
