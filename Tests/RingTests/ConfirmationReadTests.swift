import Testing

@testable import Ring

@Suite struct ConfirmationReadTests {
    @Test func `what the database had is read from the file, also while the ring is open`() throws {
        let folder = Folder()
        let path = folder.file("ring")
        #expect(try Ring.confirmation(path: path) == nil)
        let (ring, _) = try openRing(path)
        ring.append([Kept(FrameInfo(receivedAt: 1, source: 0), [1, 2, 3])])
        let frames = try #require(ring.pin(byteLimit: 4096))
        #expect(ring.confirmedPosition == 0)
        try ring.release(to: frames.end)
        #expect(ring.confirmedPosition == frames.end)
        let read = try #require(try Ring.confirmation(path: path))
        #expect(read.ring == ring.identity && read.position == frames.end)
        _ = try ring.resume(after: 0)
        #expect(try Ring.confirmation(path: path)?.position == 0)
    }
}
