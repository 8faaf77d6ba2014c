import Testing

@testable import Ring

/// What the ring says of a database that has less than the ring has given up.
@Suite struct ConfirmationTests {
    private let folder = Folder()
    private var path: String { folder.file("ring") }

    @Test func `a database that has less than it confirmed is told of once`() throws {
        let (ring, _) = try openRing(path)
        ring.append([text("one"), text("two")])
        try ring.release(to: 80)
        #expect(try ring.resume(after: 40) == .nothingToSkip(behind: 40))
        #expect(try ring.resume(after: 40) == .nothingToSkip(behind: 0))
    }

    @Test func `a database is known by what it confirmed before the daemon was killed`() throws {
        var ring: Ring? = try openRing(path).ring
        ring?.append([text("one"), text("two")])
        try ring?.release(to: 80)
        ring = nil
        ring = try openRing(path).ring
        #expect(try ring?.resume(after: 0) == .nothingToSkip(behind: 80))
    }

    @Test(arguments: [UInt64(1), 2])
    func `positions that leap after a crash are no readings that the database lost`(
        boot: UInt64
    ) throws {
        var ring: Ring? = try openRing(path).ring
        ring?.append([text("one"), text("two")])
        try ring?.release(to: 80)
        ring = nil
        ring = try openRing(path, boot: boot).ring
        #expect(try ring?.resume(after: 80) == .nothingToSkip(behind: 0))
    }

    @Test func `frames that were dropped as the oldest are no readings that the database lost`()
        throws
    {
        let (ring, _) = try openRing(path, overflow: .dropOldest)
        let frame = Kept(FrameInfo(receivedAt: 0, source: 0), [UInt8](repeating: 7, count: 968))
        ring.append([frame, frame, frame, frame, frame, frame])
        #expect(ring.snapshot().tally.droppedOldest.frames > 0)
        #expect(try ring.resume(after: 0) == .nothingToSkip(behind: 0))
    }

    @Test func `a boot has one number however its name is written`() {
        let kernels = Array("6c1f0b52-9f3e-4c1a-8d6e-0123456789ab\n".utf8)
        let managers = Array("6c1f0b529f3e4c1a8d6e0123456789ab".utf8)
        #expect(bootNumber(named: kernels) == bootNumber(named: managers))
        #expect(bootNumber(named: kernels) != bootNumber(named: Array("6c1f".utf8)))
        #expect(bootNumber(named: []) == 0)
        #expect(bootNumber() == bootNumber("an identifier that is not needed"))
    }
}
