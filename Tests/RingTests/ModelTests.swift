import TestSupport
import Testing

@testable import Ring

/// The ring as arrays and sums, to compare with.
struct Model {
    struct Entry {
        var bytes: Int
        var frame: Kept?
    }

    let capacity: Int
    let overflow: Overflow
    var headOffset = 0
    var entries: [Entry] = []
    var tally = RingTally()
    var isPinned = false

    var frames: [Kept] { entries.compactMap(\.frame) }
    var usedBytes: Int { entries.reduce(0) { $0 + $1.bytes } }
    var rest: Int { capacity - headOffset }

    mutating func push(_ bytes: Int, _ frame: Kept?) {
        entries.append(Entry(bytes: bytes, frame: frame))
        headOffset = (headOffset + bytes) % capacity
    }

    mutating func popFront() -> Kept {
        while entries[0].frame == nil { entries.removeFirst() }
        let frame = entries.removeFirst().frame!
        while let first = entries.first, first.frame == nil { entries.removeFirst() }
        return frame
    }

    mutating func append(_ frame: Kept) -> [(Loss.Reason, Kept)] {
        let count = frame.payload.count
        let bytes = 32 + (count + 7) / 8 * 8
        if count > (capacity - 64) / 2 / 8 * 8 - 32 {
            tally.tooLarge.add(count)
            return [(.tooLarge, frame)]
        }
        var lost: [(Loss.Reason, Kept)] = []
        while usedBytes + bytes + (bytes > rest ? rest : 0) > capacity - 64 {
            if overflow == .dropOldest && !isPinned {
                let oldest = popFront()
                tally.droppedOldest.add(oldest.payload.count)
                lost.append((.droppedOldest, oldest))
            } else {
                tally.droppedNewest.add(count)
                return lost + [(.droppedNewest, frame)]
            }
        }
        if bytes > rest { push(rest, nil) }
        if frames.isEmpty { entries = [] }
        push(bytes, frame)
        tally.accepted.add(count)
        return lost
    }

    mutating func release(_ count: Int) {
        for _ in 0..<count { tally.released.add(popFront().payload.count) }
    }

    /// After a power cut; the last marker is used again.
    mutating func jump() {
        if entries.isEmpty || entries.last!.bytes == 16 && entries.last!.frame == nil { return }
        if rest < 16 { push(rest, nil) }
        push(16, nil)
    }
}

/// One ring and its model, going through the same history.
struct History {
    let folder = Folder()
    var dice: Dice
    let overflow: Overflow
    let capacity: Int
    var boot: UInt64 = 1
    var ring: Ring?
    /// From the tail on.
    var pinned: [PinnedFrames] = []
    var model: Model
    var serial: Int64 = 0

    var path: String { folder.file("ring") }

    init(seed: UInt64) throws {
        dice = Dice(state: seed)
        overflow = Bool.random(using: &dice) ? .dropNewest : .dropOldest
        capacity = 4096 * Int.random(in: 1...3, using: &dice)
        model = Model(capacity: capacity, overflow: overflow)
        ring = try openRing(
            folder.file("ring"), capacity: capacity, overflow: overflow, boot: boot
        ).ring
    }

    mutating func step() throws {
        switch dice.below(100) {
        case 0..<45: append()
        case 45..<60: pinOrUnpin()
        case 60..<80: try release()
        case 80..<84: try reopen(closing: true)
        case 84..<92: try reopen(closing: false)
        case 92..<94: try reopenAfterPowerCut()
        case 94..<97: try openCopy()
        default: try ring!.sync()
        }
        compare()
    }

    mutating func append() {
        let longest = [10, 100, 400, 2100][dice.below(4)]
        let frames = (0..<dice.below(12)).map { _ in
            serial += 1
            return Kept(
                FrameInfo(
                    receivedAt: serial, reference: dice.next(), source: UInt16(dice.below(300)),
                    attributes: UInt16(dice.below(65536))),
                dice.bytes(dice.below(longest + 1)))
        }
        let (done, lost) = ring!.append(frames)
        let expected = frames.flatMap { model.append($0) }
        #expect(done == frames.count)
        #expect(lost.map(\.0) == expected.map(\.0))
        #expect(lost.map(\.2) == expected.map(\.1))
    }

    mutating func pinOrUnpin() {
        if pinned.isEmpty {
            let limit = dice.below(3) == 0 ? Int.max : 1 + dice.below(2000)
            if let frames = ring!.pin(byteLimit: limit, frameLimit: 1 + dice.below(20)) {
                #expect(frames.map { Kept($0) } == Array(model.frames.prefix(frames.count)))
                pinned = [frames]
            } else {
                #expect(model.frames.isEmpty)
            }
        } else if dice.below(2) == 0 {
            pinMore()
        } else {
            ring!.unpin()
            pinned = []
        }
        model.isPinned = !pinned.isEmpty
    }

    mutating func pinMore() {
        let rest = Array(model.frames.dropFirst(pinned.reduce(0) { $0 + $1.count }))
        let more = ring!.pinMore()
        #expect((more.map { $0.map { Kept($0) } } ?? []) == rest)
        #expect(more.map { $0.start == pinned.last!.end && $0.count == rest.count } ?? rest.isEmpty)
        if let more { pinned.append(more) }
    }

    mutating func release() throws {
        guard let end = pinned.last?.end else { return }
        let frames = pinned.flatMap { Array($0) }
        #expect(frames.map { Kept($0) } == Array(model.frames.prefix(frames.count)))
        let count = dice.below(frames.count + 1)
        if count > 0 { try ring!.release(to: frames[count - 1].end) }
        model.release(count)
        if count < frames.count {
            compare()
            if dice.below(2) == 0 {
                ring!.unpin()
            } else {
                try ring!.release(to: end)
                model.release(frames.count - count)
            }
        }
        pinned = []
        model.isPinned = false
    }

    mutating func reopen(closing: Bool) throws {
        if closing { try ring!.close() }
        pinned = []
        ring = nil
        let (ring, report) = try openRing(path, overflow: overflow, boot: boot)
        #expect(report.isFlawless && report.isComplete && report.jumpTarget == nil)
        #expect(report.frames == model.frames.count)
        self.ring = ring
        forget()
    }

    mutating func reopenAfterPowerCut() throws {
        let head = ring!.head
        pinned = []
        ring = nil
        boot += 1
        let (ring, report) = try openRing(path, overflow: overflow, boot: boot)
        #expect(report.isFlawless && !report.isComplete)
        #expect(try #require(report.jumpTarget) > head && ring.head > head)
        self.ring = ring
        model.jump()
        forget()
    }

    /// Counting begins anew, and a ring that only holds markers is empty.
    mutating func forget() {
        model.tally = RingTally()
        model.isPinned = false
        if model.frames.isEmpty { model.entries = [] }
    }

    mutating func openCopy() throws {
        let copy = folder.file("copy")
        writeFile(copy, readFile(path))
        let (other, report) = try openRing(copy, boot: boot)
        #expect(report.isFlawless && !report.isComplete)
        #expect(other.contents() == model.frames)
    }

    func compare() {
        let snapshot = ring!.snapshot()
        #expect(snapshot.tally == model.tally)
        #expect(snapshot.frameCount == model.frames.count)
        #expect(snapshot.usedBytes == model.usedBytes)
        #expect(snapshot.oldestReceivedAt == model.frames.first?.info.receivedAt)
        if pinned.isEmpty { #expect(ring!.contents() == model.frames) }
    }
}

@Test func `any history leaves the ring as its model`() throws {
    let first = seed("any history leaves the ring as its model")
    for round in 0..<UInt64(40 * effort) {
        var history = try History(seed: first &+ round)
        for _ in 0..<150 {
            try history.step()
        }
    }
}
