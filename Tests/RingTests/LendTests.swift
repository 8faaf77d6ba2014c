import Glibc
import Testing

@testable import Ring

/// Payloads that are made where they will stand.
@Suite struct LendTests {
    let folder = Folder()
    var path: String { folder.file("ring") }

    /// Makes a payload in a lent place of `room` bytes and appends it.
    ///
    /// - Returns: whether it stands where it was made; `nil` when there was no room.
    private func make(_ kept: Kept, in room: Int, _ ring: Ring) -> Bool? {
        guard let place = ring.lend(bytes: room) else { return nil }
        #expect(place.count == room)
        // What is made need not fill the place, and something may be left behind it.
        memset(place.baseAddress!, 0xEE, room)
        place.copyBytes(from: kept.payload)
        let payload = UnsafeRawBufferPointer(rebasing: place[..<kept.payload.count])
        let arrivals = [Arrival(info: kept.info, payload: payload)]
        #expect(ring.append(arrivals.span, overflow: .stop, lost: { _ in }) == 1)
        let isThere = ring.pin(byteLimit: .max).map { Array($0).last!.payload.baseAddress }
        ring.unpin()
        return isThere == payload.baseAddress
    }

    @Test(arguments: [false, true])
    func `what is made in the ring is a frame like any other`(endsWithProcess: Bool) throws {
        let seed = seed("lent places")
        var dice = Dice(state: seed)
        let configuration = RingConfiguration(
            path: path, capacity: 8_192, overflow: .dropNewest, endsWithProcess: endsWithProcess)
        let ring = try Ring.open(configuration).ring
        var frames: [Kept] = []
        var elsewhere = 0
        for number in 0..<4_000 {
            let room = 1 + dice.below(1_500)
            let isFull = dice.below(3) == 0
            let kept = Kept(
                FrameInfo(receivedAt: Int64(number), source: 0),
                dice.bytes(isFull ? room : dice.below(room)))
            if let isInPlace = make(kept, in: room, ring) {
                frames.append(kept)
                #expect(isInPlace || !isFull, "a payload as long as its place has its place")
                if !isInPlace { elsewhere += 1 }
            } else {
                #expect(!ring.waitForSpace(bytes: room, atMost: .zero))
                let pinned = try #require(ring.pin(byteLimit: 1 + dice.below(8_000)))
                let count = pinned.count
                try ring.release(to: pinned.end)
                ring.unpin()
                frames.removeFirst(count)
            }
            try #require(ring.contents() == frames, "after \(number)")
        }
        // Only those that still fit before the end of the area, where their whole place would not have.
        #expect((1..<200).contains(elsewhere))
    }

    @Test func `frames that were made in the ring are whole for who opens it`() throws {
        var ring: Ring? = try openRing(path).ring
        let frames = (0..<9).map { Kept(FrameInfo(receivedAt: 1, source: 0), [UInt8](0...$0)) }
        for frame in frames { #expect(make(frame, in: 200, ring!) == true) }
        ring = nil
        let (again, report) = try openRing(path)
        #expect(report.isFlawless)
        #expect(again.contents() == frames)
    }

    @Test func `a ring that ends with the process keeps no checksum of payloads`() throws {
        let configuration = RingConfiguration(
            path: path, capacity: 4_096, overflow: .dropNewest, endsWithProcess: true)
        var ring: Ring? = try Ring.open(configuration).ring
        ring!.append([text("one")])
        ring = nil
        // Whoever opens it all the same takes the frame for a damaged one.
        let (again, report) = try openRing(path)
        #expect(!report.isFlawless)
        #expect(again.contents().isEmpty)
    }

    @Test func `a place that nothing came of changes nothing`() throws {
        var ring: Ring? = try openRing(path).ring
        ring!.append([text("before")])
        let place = try #require(ring!.lend(bytes: 100))
        memset(place.baseAddress!, 0xFF, place.count)
        ring!.append([text("behind")])
        ring = nil
        let (again, report) = try openRing(path)
        #expect(report.isFlawless)
        #expect(again.contents() == [text("before"), text("behind")])
    }
}
