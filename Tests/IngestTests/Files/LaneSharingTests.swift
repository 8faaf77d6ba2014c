import TestSupport
import Testing

@testable import Ingest

/// Which lane of an import gets what.
@Suite struct LaneSharingTests {
    private typealias Standing = LaneSharing.Standing

    private func key(_ stripe: UInt16?, of inode: UInt64 = 2) -> FileKey {
        FileKey(
            FileIdentity(device: 1, inode: inode), FileFingerprint(length: 10, hash: 3),
            stripe: stripe.map {
                FileStripe(
                    base: 0, index: $0, count: ImportLimits.stripeCount,
                    bytes: ImportLimits.stripeBytes
                )
            })
    }

    @Test func `whoever has the least to do gets what comes next`() {
        let sharing = LaneSharing(readAheadBytes: 1_000)
        #expect(sharing.lane(for: key(0), [Standing(tail: 5, reached: 6, head: 7)]) == 0)
        let standings = [
            Standing(tail: 0, reached: 50, head: 100),
            // Nothing of a batch is in the database before all of it is.
            Standing(tail: 0, reached: 80, head: 120),
            // A batch that is tried again has come to less than what is stored, or it was never begun.
            Standing(tail: 70, reached: 0, head: 115),
        ]
        #expect(standings.map(\.unread) == [50, 40, 45])
        #expect(sharing.lane(for: key(0), standings) == 1)
        #expect(sharing.lane(for: key(nil), standings) == 1)
    }

    @Test func `a piece stays together, and the next one of its stripe comes behind it`() {
        var sharing = LaneSharing(readAheadBytes: 1_000)
        sharing.notePut(key(0), lane: 0, end: 100)
        var standings = [
            Standing(tail: 0, reached: 0, head: 100), Standing(tail: 0, reached: 0, head: 0),
        ]
        #expect(sharing.lane(for: key(0), standings) == 0)
        #expect(sharing.lane(for: key(1), standings) == 1)
        sharing.notePut(key(1), lane: 1, end: 100)
        // It has been read, but is not stored.
        standings[0].reached = 100
        #expect(sharing.lane(for: key(0), standings) == 0)
        #expect(sharing.lane(for: key(2), standings) == 0)
        standings[0] = Standing(tail: 100, reached: 100, head: 300)
        standings[1] = Standing(tail: 100, reached: 100, head: 100)
        #expect(sharing.lane(for: key(0), standings) == 1)
    }

    @Test func `another file is free to go anywhere, the same one follows what is on its way`() {
        var sharing = LaneSharing(readAheadBytes: 1_000)
        sharing.notePut(key(nil), lane: 0, end: 100)
        var standings = [
            Standing(tail: 0, reached: 0, head: 100), Standing(tail: 0, reached: 0, head: 0),
        ]
        #expect(sharing.lane(for: key(nil), standings) == 0)
        sharing.beginFile(standings)
        #expect(sharing.lane(for: key(nil), standings) == 0)
        #expect(sharing.lane(for: key(nil, of: 3), standings) == 1)
        standings[0] = Standing(tail: 100, reached: 100, head: 200)
        sharing.beginFile(standings)
        #expect(sharing.lane(for: key(nil), standings) == 1)
    }

    @Test func `none gets more when all have enough, but what was begun goes on`() {
        var sharing = LaneSharing(readAheadBytes: 100)
        var standings = [
            Standing(tail: 0, reached: 0, head: 150), Standing(tail: 0, reached: 20, head: 120),
        ]
        #expect(sharing.lane(for: key(0), standings) == nil)
        standings[1].reached = 21
        #expect(sharing.lane(for: key(0), standings) == 1)
        sharing.notePut(key(0), lane: 1, end: 150)
        standings[1].head = 150
        #expect(sharing.lane(for: key(0), standings) == 1)
        #expect(sharing.lane(for: key(1), standings) == nil)
        sharing.notePut(key(1), lane: 0, end: 200)
        // The first one's next piece has to follow it.
        #expect(sharing.lane(for: key(0), standings) == 1)
    }

    @Test(arguments: 1...ImportLimits.lanesMax)
    func `a ring holds a batch, what is read ahead, and the rest of a piece`(lanes: Int) {
        let readAhead = ImportLimits.readAheadBytes(lanes: lanes)
        let batch = ImportLimits.batchBytes(lanes: lanes)
        #expect(
            batch + readAhead + Int(ImportLimits.stripeBytes)
                <= ImportLimits.ringBytes(lanes: lanes))
        // Or a batch would wait for what does not come.
        #expect(ImportLimits.gatheredBytes(lanes: lanes) <= readAhead)
    }

    /// Lanes of different speeds, one of which stands still now and then, with rings and batches.
    private struct Lanes {
        let capacity: UInt64
        let batch: UInt64
        var standings: [Standing]
        var batchEnds: [UInt64?]
        /// What is in each ring, and whose it is.
        var chunks: [[(key: FileKey, number: Int, end: UInt64)]]
        /// The number of the last chunk of each stripe that is stored.
        var stored: [FileKey: Int] = [:]

        init(count: Int) {
            capacity = UInt64(ImportLimits.ringBytes(lanes: count))
            batch = UInt64(ImportLimits.batchBytes(lanes: count))
            standings = Array(repeating: Standing(tail: 0, reached: 0, head: 0), count: count)
            batchEnds = Array(repeating: nil, count: count)
            chunks = Array(repeating: [], count: count)
        }

        /// For a chunk of any length: it is made in its place.
        func hasRoom(_ lane: Int) -> Bool {
            let place = UInt64(ContentCutter.placeBytes)
            return standings[lane].head + place - standings[lane].tail <= capacity
        }

        mutating func put(_ key: FileKey, _ number: Int, _ bytes: UInt64, lane: Int) {
            standings[lane].head += bytes
            chunks[lane].append((key, number, standings[lane].head))
        }

        /// Reads on by so many bytes, and commits at a batch's end.
        ///
        /// - Returns: whether every stripe was stored in its order.
        mutating func work(_ lane: Int, _ bytes: UInt64) -> Bool {
            let standing = standings[lane]
            let end = batchEnds[lane] ?? min(standing.tail + batch, standing.head)
            batchEnds[lane] = end
            standings[lane].reached = min(max(standing.reached, standing.tail) + bytes, end)
            guard standings[lane].reached == end else { return true }
            batchEnds[lane] = nil
            var isInOrder = true
            while let first = chunks[lane].first, first.end <= end {
                isInOrder = isInOrder && stored[first.key, default: -1] < first.number
                stored[first.key] = first.number
                chunks[lane].removeFirst()
                standings[lane].tail = first.end
            }
            return isInOrder
        }
    }

    /// Shares a file out, with the last lane `slowness` times as slow as the first.
    ///
    /// - Returns: whether every stripe was stored in its order, and how many bytes one lane has left
    ///   more than another when the last chunk has found its place.
    private func share(_ laneCount: Int, slowness: Int) -> (isInOrder: Bool, spread: UInt64) {
        var random = SeededGenerator(seed: UInt64(laneCount))
        var lanes = Lanes(count: laneCount)
        var sharing = LaneSharing(
            readAheadBytes: ImportLimits.readAheadBytes(lanes: laneCount))
        let size: UInt64 = 128 << 10
        var isInOrder = true
        func turn() {
            for lane in 0..<laneCount where Bool.random(using: &random) {
                let most = size * 2 / UInt64(lane == laneCount - 1 ? slowness : 1)
                isInOrder = lanes.work(lane, .random(in: 0..<most, using: &random)) && isInOrder
            }
        }
        for number in 0..<8_000 {
            let key = key(UInt16(number / 8 % Int(ImportLimits.stripeCount)))
            while true {
                if let lane = sharing.lane(for: key, lanes.standings), lanes.hasRoom(lane) {
                    lanes.put(key, number, size, lane: lane)
                    sharing.notePut(key, lane: lane, end: lanes.standings[lane].head)
                    break
                }
                turn()
            }
            if Int.random(in: 0..<10, using: &random) == 0 { turn() }
        }
        let left = lanes.standings.map(\.unread)
        return (isInOrder, left.max()! - left.min()!)
    }

    @Test(arguments: [2, 3, 4, 16], [1, 2])
    func `lanes that are about as fast end together`(laneCount: Int, slowness: Int) {
        let (isInOrder, spread) = share(laneCount, slowness: slowness)
        #expect(isInOrder)
        #expect(spread <= 3 * UInt64(ImportLimits.stripeBytes))
    }

    @Test(arguments: [2, 3, 4, 16], [10, 1_000])
    func `stripes are stored in their order, however slow a lane is`(
        laneCount: Int, slowness: Int
    ) {
        #expect(share(laneCount, slowness: slowness).isInOrder)
    }
}
