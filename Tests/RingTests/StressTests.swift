import Synchronization
import TestSupport
import Testing
import Threads

@testable import Ring

/// A payload that says who sent it, which one it is, and whether it is whole.
private func payload(producer: Int, serial: Int) -> [UInt8] {
    let length = 16 + (serial &* 7919 &+ producer) % 700
    var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: serial &+ producer), count: length)
    withUnsafeBytes(of: (producer, serial)) { bytes.replaceSubrange(0..<16, with: $0) }
    return bytes
}

private func read(_ bytes: UnsafeRawBufferPointer) -> (producer: Int, serial: Int)? {
    guard bytes.count >= 16 else { return nil }
    let producer = bytes.loadUnaligned(as: Int.self)
    let serial = bytes.loadUnaligned(fromByteOffset: 8, as: Int.self)
    guard (0..<8) ~= producer, bytes.elementsEqual(payload(producer: producer, serial: serial))
    else { return nil }
    return (producer, serial)
}

private struct Stress {
    let ring: Ring
    let producers = 3
    let batches = 150 * effort
    let consumed = Lock<[(producer: Int, serial: Int)]>([])
    let lost = Lock<RingTally>(RingTally())
    let isOver = Flag()

    final class Flag: Sendable {
        let flag = Atomic(false)
    }

    func produce(_ producer: Int) {
        for batch in 0..<batches {
            let frames = (0..<32).map { index in
                Kept(
                    FrameInfo(receivedAt: Int64(batch), source: UInt16(producer)),
                    payload(producer: producer, serial: batch * 32 + index))
            }
            for (reason, _, _) in ring.append(frames).lost {
                lost.withLock { tally in
                    if reason == .droppedNewest { tally.droppedNewest.frames += 1 }
                    if reason == .droppedOldest { tally.droppedOldest.frames += 1 }
                }
            }
        }
    }

    func consume() {
        var turn = 0
        while true {
            let isLast = isOver.flag.load(ordering: .acquiring)
            guard ring.waitForFrames(atMost: .milliseconds(20)) else {
                if isLast { return }
                continue
            }
            guard let pinned = ring.pin(byteLimit: 9000, frameLimit: 50) else { continue }
            let frames = pinned.map { read($0.payload) }
            turn += 1
            if turn % 3 == 0 {
                ring.unpin()
                continue
            }
            let isWhole = !frames.contains { $0 == nil }
            #expect(isWhole)
            consumed.withLock { $0 += frames.compactMap { $0 } }
            do { try ring.release(to: pinned.end) } catch { Issue.record(error) }
        }
    }

    /// Keeps the disk busy, and looks at everything, meanwhile.
    func observe() {
        while !isOver.flag.load(ordering: .acquiring) {
            do { try ring.sync() } catch { Issue.record(error) }
            let snapshot = ring.snapshot()
            #expect(snapshot.head >= snapshot.tail && snapshot.usedBytes <= snapshot.capacity)
            #expect(ring.head >= snapshot.head)
        }
    }

    func run() {
        let threads = (0..<producers).map { index in
            PlainThread(name: "producer") { produce(index) }
        }
        let others = [
            PlainThread(name: "consumer") { consume() },
            PlainThread(name: "observer") { observe() },
        ]
        for thread in threads { thread.join() }
        isOver.flag.store(true, ordering: .releasing)
        ring.wake()
        for thread in others { thread.join() }
    }
}

@Test(arguments: [Overflow.dropNewest, .dropOldest])
func `several producers and a consumer lose nothing that is not counted`(
    overflow: Overflow
) throws {
    let folder = Folder()
    let (ring, _) = try openRing(folder.file("ring"), capacity: 65536, overflow: overflow)
    let stress = Stress(ring: ring)
    stress.run()
    let tally = ring.snapshot().tally
    let lost = stress.lost.withLock { $0 }
    let consumed = stress.consumed.withLock { $0 }
    #expect(tally.droppedNewest.frames == lost.droppedNewest.frames)
    #expect(tally.droppedOldest.frames == lost.droppedOldest.frames)
    #expect(tally.released.frames == UInt64(consumed.count))
    #expect(tally.accepted.frames == tally.released.frames + tally.droppedOldest.frames)
    let offered = UInt64(stress.producers * stress.batches * 32)
    #expect(tally.accepted.frames + tally.droppedNewest.frames == offered)
    for producer in 0..<stress.producers {
        let serials = consumed.filter { $0.producer == producer }.map(\.serial)
        let isRising = zip(serials, serials.dropFirst()).allSatisfy { $0 < $1 }
        #expect(isRising, "nothing twice and nothing out of order")
    }
    try ring.close()
}

@Test(arguments: [Overflow.dropNewest, .dropOldest])
func `a copy that is taken while the ring works holds every frame that stayed`(
    overflow: Overflow
) throws {
    let folder = Folder()
    let (ring, _) = try openRing(folder.file("ring"), capacity: 65536, overflow: overflow)
    let stress = Stress(ring: ring)
    let work = PlainThread(name: "work") { stress.run() }
    var copies = 0
    while copies < 20 || !stress.isOver.flag.load(ordering: .acquiring) {
        copies += 1
        let before = ring.snapshot()
        let bytes = readFile(folder.file("ring"))
        let after = ring.snapshot()
        writeFile(folder.file("copy"), bytes)
        let (copy, report) = try openRing(folder.file("copy"))
        #expect(!report.isComplete)
        guard let pinned = copy.pin(byteLimit: .max) else { continue }
        var stayed = UInt64(0)
        for frame in pinned {
            let isWhole = read(frame.payload) != nil
            #expect(isWhole)
            // Inside the range that was in the ring all the while the frames follow without a gap.
            guard frame.position >= after.tail, frame.position < before.head else { continue }
            if stayed > 0 && frame.position != stayed {
                let atEnd = stayed % 65536 + frame.position - stayed == 65536
                #expect(atEnd, "only the padding at the end of the area may lie between")
            }
            stayed = frame.end
        }
        if after.tail < before.head { #expect(stayed >= before.head) }
    }
    work.join()
}
