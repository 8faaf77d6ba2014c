package import Ring
import Threads

/// What the ring dropped of one source's datagrams, with the lines in them.
package struct DropTally: Sendable, Equatable {
    package var newest = ReceiveTally.Count()
    package var oldest = ReceiveTally.Count()
    /// Line ends in the newest, and last lines without one.
    package var newestLines: UInt64 = 0
    /// The same in the oldest.
    package var oldestLines: UInt64 = 0

    /// In all of them.
    package var lines: UInt64 { newestLines + oldestLines }

    /// All of them.
    package var datagrams: UInt64 { newest.datagrams + oldest.datagrams }
}

/// Drops by source, shared by all sinks.
package final class DropLedger: Sendable {
    private let tallies = Lock<[DropTally]>([])

    package init() {}

    /// By source, in the order of the rings' registry; shorter than that when the last ones lost
    /// nothing.
    package var bySource: [DropTally] { tallies.withLock { $0 } }

    func add(_ more: DropTally, to source: UInt16) {
        tallies.withLock { tallies in
            while tallies.count <= Int(source) { tallies.append(DropTally()) }
            tallies[Int(source)].newest.datagrams += more.newest.datagrams
            tallies[Int(source)].newest.bytes += more.newest.bytes
            tallies[Int(source)].oldest.datagrams += more.oldest.datagrams
            tallies[Int(source)].oldest.bytes += more.oldest.bytes
            tallies[Int(source)].newestLines += more.newestLines
            tallies[Int(source)].oldestLines += more.oldestLines
        }
    }
}

/// Puts one receiver's batches into the rings, a batch into each in turn.
package final class RingSink: FrameSink {
    private let rings: [Ring]
    /// By what index each ring knows the source; without any, by that of the arrivals.
    private let sources: [UInt16]
    private let drops: DropLedger
    private let turn: Lock<Int>

    /// - Parameter first: which ring gets the first batch, so that several receivers do not all
    ///   begin with the same.
    package init(
        _ rings: [Ring], sources: [UInt16] = [], drops: DropLedger, first: Int = 0
    ) {
        precondition(!rings.isEmpty && (sources.isEmpty || sources.count == rings.count))
        self.rings = rings
        self.sources = sources
        self.drops = drops
        turn = Lock(first % rings.count)
    }

    package func append(
        _ arrivals: Span<Arrival>, from landing: Landing?
    ) -> ReceiveTally.Count {
        let place = next()
        let ring = rings[place]
        var losses = RingLosses()
        ring.append(arrivals, source: source(at: place), publishing: { landing?.note($0) }) {
            losses.add($0)
        }
        return losses.settle(in: drops, ring)
    }

    package func count(_ tally: ReceiveTally, source: UInt16) {
        // Beside the frames that it counts, if there were any.
        let place = rings.count == 1 ? 0 : turn.withLock { $0 }
        let index = Ring.ledgerIndex(of: self.source(at: place) ?? source)
        rings[place].addIntake(index, IntakeWords(tally))
    }

    private func source(at place: Int) -> UInt16? { sources.isEmpty ? nil : sources[place] }

    /// Which ring has its turn.
    private func next() -> Int {
        if rings.count == 1 { return 0 }
        return turn.withLock { turn in
            turn = (turn + 1) % rings.count
            return turn
        }
    }
}

/// What one call to a ring dropped. Mostly nothing, and then it costs nothing.
struct RingLosses {
    private var source: UInt16 = 0
    private var tally = DropTally()
    /// Losses of a source before the last one; only a full ring of mixed frames has any.
    private var others: [(UInt16, DropTally)] = []

    mutating func add(_ loss: borrowing Loss) {
        if loss.info.source != source {
            if tally != DropTally() { others.append((source, tally)) }
            source = loss.info.source
            tally = DropTally()
        }
        let payload = unsafe loss.payload
        let isFile = FrameAttributes(rawValue: loss.info.attributes).isFile
        let lines = unsafe lineCount(isFile ? FileChunk.lines(of: payload) : payload)
        if loss.reason == .droppedOldest {
            tally.oldest.add(payload.count)
            tally.oldestLines += lines
        } else {
            tally.newest.add(payload.count)
            tally.newestLines += lines
        }
    }

    /// - Returns: what was lost of the arrivals themselves.
    func settle(in drops: DropLedger, _ ring: Ring) -> ReceiveTally.Count {
        var arrivals = ReceiveTally.Count()
        if tally == DropTally() { return arrivals }
        for (source, tally) in others + [(source, tally)] {
            arrivals += tally.newest
            drops.add(tally, to: source)
            ring.addIntake(Ring.ledgerIndex(of: source), IntakeWords(tally))
        }
        return arrivals
    }
}

private func lineCount(_ payload: UnsafeRawBufferPointer) -> UInt64 {
    let text = unsafe RawSpan(_unsafeBytes: payload)
    var count: UInt64 = 0
    var last = UInt8(ascii: "\n")
    for index in 0..<text.byteCount {
        last = unsafe text.unsafeLoad(fromByteOffset: index, as: UInt8.self)
        if last == UInt8(ascii: "\n") { count += 1 }
    }
    return last == UInt8(ascii: "\n") ? count : count + 1
}
