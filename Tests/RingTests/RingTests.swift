import Glibc
import Testing
import Threads

@testable import Ring

@Suite struct RingTests {
    let folder = Folder()
    var path: String { folder.file("ring") }

    @Test func `frames come out as they went in, in order`() throws {
        let (ring, report) = try openRing(path)
        #expect(report.isNew && report.isFlawless && report.capacity == 4096)
        let frames = (0..<10).map { index in
            Kept(
                FrameInfo(
                    receivedAt: Int64(index) - 5, reference: UInt64.max - UInt64(index),
                    source: UInt16(index), attributes: 0xABCD),
                [UInt8](repeating: UInt8(index), count: index * 7))
        }
        ring.append(frames)
        let pinned = try #require(ring.pin(byteLimit: .max))
        #expect(pinned.count == 10)
        #expect(pinned.map { Kept($0) } == frames)
        #expect(pinned.map { Kept($0) } == frames, "it can be walked again")
        try ring.release(to: pinned.end)
        #expect(ring.pin(byteLimit: .max) == nil)
        #expect(ring.snapshot().usedBytes == 0)
    }

    @Test func `a pin keeps to its limits and takes at least one frame`() throws {
        let (ring, _) = try openRing(path)
        ring.append((0..<10).map { text("frame \($0)") })
        let three = try #require(ring.pin(byteLimit: .max, frameLimit: 3))
        #expect(three.count == 3 && three.byteCount == 120)
        ring.unpin()
        let two = try #require(ring.pin(byteLimit: 119))
        #expect(two.count == 2 && two.byteCount == 80)
        ring.unpin()
        #expect(ring.pin(byteLimit: 1)?.count == 1)
    }

    @Test func `what is released behind the middle of a pin stays pinned`() throws {
        let (ring, _) = try openRing(path, overflow: .dropOldest)
        ring.append((0..<4).map { text("frame \($0)") })
        let pinned = try #require(ring.pin(byteLimit: .max))
        try ring.release(to: Array(pinned)[1].end)
        #expect(ring.snapshot().frameCount == 2)
        let big = Kept(FrameInfo(receivedAt: 0, source: 0), [UInt8](repeating: 1, count: 1900))
        let lost = ring.append([big, big, big]).lost
        #expect(lost.map(\.0) == [.droppedNewest])
        #expect(ring.contents(ofPinned: false).isEmpty)
        ring.unpin()
        #expect(
            ring.append([big]).lost.map(\.0) == [.droppedOldest, .droppedOldest, .droppedOldest])
    }

    @Test func `a release inside a frame or outside the ring is refused`() throws {
        let (ring, _) = try openRing(path)
        ring.append([text("one"), text("two")])
        #expect(refusal { () throws(RingError) in try ring.release(to: 8) }.contains("position 8"))
        #expect(refusal { () throws(RingError) in try ring.release(to: 4000) }.contains("4000"))
        #expect(ring.snapshot().frameCount == 2)
        try ring.release(to: 0)
        try ring.release(to: 40)
        #expect(ring.contents() == [text("two")])
        #expect(refusal { () throws(RingError) in try ring.release(to: 0) }.contains("position 0"))
    }

    @Test func `the database's position is taken up after opening`() throws {
        let (ring, _) = try openRing(path)
        ring.append([text("one"), text("two"), text("three")])
        #expect(try ring.resume(after: 0) == .nothingToSkip(behind: 0))
        #expect(try ring.resume(after: 40) == .skipped(frames: 1))
        #expect(try ring.resume(after: 0) == .nothingToSkip(behind: 40))
        #expect(ring.contents() == [text("two"), text("three")])
        #expect(try ring.resume(after: 8000) == .jumped(frames: 2, from: 120))
        ring.append([text("four")])
        let pinned = try #require(ring.pin(byteLimit: .max))
        #expect(pinned.start == 8000 && pinned.map { Kept($0) } == [text("four")])
        #expect(ring.snapshot().tally.released.frames == 3)
    }

    @Test func `a full ring drops the newest, or stops, and counts exactly`() throws {
        let (ring, _) = try openRing(path)
        let frame = Kept(FrameInfo(receivedAt: 0, source: 0), [UInt8](repeating: 7, count: 968))
        let (done, lost) = ring.append([frame, frame, frame, frame, frame, text("small")])
        #expect(done == 6)
        #expect(lost.map(\.1) == [4, 5] || lost.map(\.1) == [3, 4, 5] || lost.map(\.1) == [4])
        let tally = ring.snapshot().tally
        #expect(tally.accepted.frames + tally.droppedNewest.frames == 6)
        #expect(ring.append([frame], overflow: .stop).done == 0)
        #expect(ring.snapshot().tally == tally)
        #expect(!ring.waitForSpace(bytes: 968, atMost: .zero))
        let pinned = try #require(ring.pin(byteLimit: 1))
        try ring.release(to: pinned.end)
        #expect(ring.waitForSpace(bytes: 500, atMost: .zero))
    }

    @Test func `a payload larger than the ring can ever hold is refused as such`() throws {
        let (ring, _) = try openRing(path, overflow: .dropOldest)
        #expect(ring.frameBytesMax == 1984)
        let largest = [UInt8](repeating: 1, count: ring.frameBytesMax)
        for round in 0..<20 {
            let frame = Kept(FrameInfo(receivedAt: 0, source: 0), largest)
            ring.append([text(String(repeating: "x", count: round * 8)), frame])
            #expect(ring.contents().last == frame)
        }
        let lost = ring.append([Kept(FrameInfo(receivedAt: 0, source: 0), largest + [1])]).lost
        #expect(lost.map(\.0) == [.tooLarge])
        #expect(ring.snapshot().tally.tooLarge == FrameCount(frames: 1, bytes: 1985))
    }

    @Test func `names of sources get an index once and keep it`() throws {
        var (ring, _): (Ring?, RecoveryReport) = try openRing(path)
        #expect(try ring!.register(source: "north") == 0)
        #expect(try ring!.register(source: "süd") == 1)
        #expect(try ring!.register(source: "north") == 0)
        ring = nil
        let (again, _) = try openRing(path)
        #expect(again.source(1) == "süd" && again.source(2) == nil && again.source(999) == nil)
        #expect(try again.register(source: "east") == 2)
        for index in 3..<256 { #expect(try again.register(source: "\(index)") == UInt16(index)) }
        #expect(
            refusal { () throws(RingError) in try again.register(source: "one more") }
                .contains("at most 256"))
        let long = String(repeating: "x", count: 97)
        #expect(
            refusal { () throws(RingError) in try again.register(source: long) }
                .contains("1 to 96"))
        #expect(
            refusal { () throws(RingError) in try again.register(source: "") }
                .contains("1 to 96"))
    }

    @Test func `a waiting consumer is woken by frames and by a wake`() throws {
        let (ring, _) = try openRing(path)
        #expect(!ring.waitForFrames(atMost: .zero))
        ring.wake()
        #expect(!ring.waitForFrames(atMost: .seconds(3600)))
        let producer = PlainThread(name: "producer") { ring.append([text("one")]) }
        #expect(ring.waitForFrames(atMost: .seconds(3600)))
        producer.join()
        _ = ring.pin(byteLimit: .max)
        #expect(!ring.waitForFrames(atMost: .zero), "only frames behind the pin are new")
    }

    @Test func `the snapshot shows the oldest frame's time and what is on the disk`() throws {
        let (ring, _) = try openRing(path)
        ring.append([text("one", at: 77), text("two", at: 88)])
        #expect(ring.snapshot().oldestReceivedAt == 77)
        #expect(ring.snapshot().syncedHead == 0 && ring.head == 80)
        try ring.sync()
        #expect(ring.snapshot().syncedHead == 80)
        try ring.release(to: 40)
        #expect(ring.snapshot().oldestReceivedAt == 88)
    }
}

extension Ring {
    /// For a ring whose frames are pinned already.
    func contents(ofPinned: Bool) -> [Kept] { ofPinned ? contents() : [] }
}
