import Glibc
import Ring
import Testing

@testable import Ingest

/// What the next process finds of datagrams that a killed one had taken from the kernel. A kill is
/// a copy of the file at some moment: nothing is written to it any more.
@Suite final class LandingTests {
    private let folder: TemporaryFolder
    private let socket: DatagramSocket
    private let sender: TestSender
    private let origin = FrameOrigin(source: 3, attributes: 5)
    private let ring = RingIdentity(low: 1, high: 2)

    init() throws {
        folder = try TemporaryFolder()
        socket = try DatagramSocket(bindingTo: loopback)
        sender = TestSender(to: socket.endpoint)
    }

    private func landing() throws -> Landing {
        try Landing(
            path: "\(folder.path)/landing", datagramMax: 100, origin: origin, source: "tanks")
    }

    /// What a process that starts now would find.
    private func found(framesEver: UInt64? = nil) throws -> LandedDatagrams {
        try folder.write("copy", bytes: fileBytes())
        return try LandedDatagrams(Landing(leftAt: "\(folder.path)/copy")) { identity in
            identity == ring ? framesEver : nil
        }
    }

    private func texts(_ landed: LandedDatagrams) -> [String] {
        (0..<landed.count).map {
            String(decoding: landed.datagram(at: $0, now: 0).payload, as: UTF8.self)
        }
    }

    @Test func `what was received and not looked at is found as it came`() throws {
        var batch = DatagramBatch(try landing())
        for text in ["a b=1", "", "c d=2"] { sender.send(text) }
        try socket.receive(into: &batch)
        let landed = try found()
        #expect(landed.source == "tanks" && landed.attributes == 5 && !landed.areChosen)
        #expect(texts(landed) == ["a b=1", "", "c d=2"])
        let first = landed.datagram(at: 0, now: 7)
        #expect(first.source == loopback.address)
        #expect(first.receivedAt == batch.datagram(at: 0, now: 7).receivedAt)
    }

    @Test func `one that is too long is known as such`() throws {
        var batch = DatagramBatch(try landing())
        sender.send(String(repeating: "x", count: 200))
        try socket.receive(into: &batch)
        let datagram = try found().datagram(at: 0, now: 0)
        #expect(datagram.isTruncated && datagram.size == 200 && datagram.payload.count == 100)
    }

    @Test func `before and after, there is nothing`() throws {
        let landing = try landing()
        var batch = DatagramBatch(landing)
        #expect(try texts(found()) == [])
        sender.send("a b=1")
        try socket.receive(into: &batch)
        landing.enter(.idle)
        #expect(try texts(found()) == [])
        // A wait in which nothing comes.
        try socket.receive(into: &batch)
        #expect(try texts(found()) == [])
    }

    @Test func `a second batch has nothing of the first`() throws {
        var batch = DatagramBatch(try landing())
        for _ in 0..<5 { sender.send("first") }
        try socket.receive(into: &batch)
        sender.send("second")
        try socket.receive(into: &batch)
        #expect(try texts(found()) == ["second"])
    }

    @Test(
        arguments: [
            // The ring's frames when it is opened again, and what it does not have.
            (nil, ["b", "d", "e"]), (10, ["b", "d", "e"]), (11, ["d", "e"]),
            // The frame behind the note is whole, and so the ring has it.
            (12, ["e"]), (13, []), (14, []),
        ] as [(UInt64?, [String])])
    func `of those that were chosen, what the ring has is left out`(
        framesEver: UInt64?, left: [String]
    ) throws {
        let landing = try landing()
        var batch = DatagramBatch(landing)
        for text in ["a", "b", "c", "d", "e"] { sender.send(text) }
        try socket.receive(into: &batch)
        landing.append(0b11010)
        #expect(try texts(found(framesEver: framesEver)) == ["b", "d", "e"])
        landing.note(Publication(ring: ring, arrivals: 1, framesEver: 11))
        landing.note(Publication(ring: ring, arrivals: 3, framesEver: 13))
        let landed = try found(framesEver: framesEver)
        #expect(landed.areChosen)
        #expect(texts(landed) == left)
    }

    @Test func `what was noted of the batch before says nothing of the next`() throws {
        let landing = try landing()
        var batch = DatagramBatch(landing)
        for round in 1...3 {
            for text in ["a\(round)", "b\(round)"] { sender.send(text) }
            try socket.receive(into: &batch)
            landing.append(0b11)
            let all = ["a\(round)", "b\(round)"]
            // The ring has all that was noted so far, and more.
            #expect(try texts(found(framesEver: 1_000)) == all)
            landing.note(Publication(ring: ring, arrivals: 1, framesEver: UInt64(round) * 10))
            landing.note(Publication(ring: ring, arrivals: 2, framesEver: UInt64(round) * 10 + 1))
            #expect(try texts(found(framesEver: 1_000)) == [])
            // Between the two publications.
            #expect(try texts(found(framesEver: UInt64(round) * 10)) == [all[1]])
        }
    }

    @Test func `a recovery that is killed goes on where it was`() throws {
        let first = try landing()
        var batch = DatagramBatch(first)
        for text in ["a", "b", "c"] { sender.send(text) }
        try socket.receive(into: &batch)
        first.append(0b101)
        let landed = try found()
        #expect(texts(landed) == ["a", "c"])
        var intake = Intake(start: 0, allow: AddressFilter(networks: []), origin: origin)
        #expect(intake.take(landed).accepted.datagrams == 2)
        // Up to here, and then up to the publication of the first.
        _ = intake.append(to: TestSink(), from: landed.landing)
        let path = "\(folder.path)/copy"
        let again = try LandedDatagrams(Landing(leftAt: path)) { _ in nil }
        #expect(texts(again) == ["a", "c"])
        again.landing.note(Publication(ring: ring, arrivals: 1, framesEver: 7))
        let third = LandedDatagrams(again.landing) { _ in 7 }
        #expect(texts(third) == ["c"])
    }

    @Test func `what is noted is what the ring has when it publishes`() throws {
        let landing = try landing()
        var batch = DatagramBatch(landing)
        let opened = try Ring.open(
            RingConfiguration(
                path: "\(folder.path)/ring", capacity: 1 << 20, overflow: .dropOldest)
        ).ring
        defer { unlink("\(folder.path)/ring") }
        let sink = RingSink(
            [opened], sources: [try opened.register(source: "tanks")], drops: DropLedger())
        var intake = Intake(start: 0, allow: AddressFilter(networks: []), origin: origin)
        for text in ["a", "b", "c"] { sender.send(text) }
        try socket.receive(into: &batch)
        _ = intake.take(batch)
        _ = intake.append(to: sink, from: landing)
        for (framesEver, left) in [(UInt64(3), []), (2, ["c"])] as [(UInt64, [String])] {
            try folder.write("copy", bytes: fileBytes())
            let landed = try LandedDatagrams(Landing(leftAt: "\(folder.path)/copy")) {
                $0 == opened.identity ? framesEver : nil
            }
            #expect(texts(landed) == left)
        }
        #expect(opened.framesEver == 3)
        try opened.close()
    }

    private func fileBytes() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let descriptor = open("\(folder.path)/landing", O_RDONLY)
        defer { close(descriptor) }
        let count = read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    @Test func `a file is gone with its receiver, and nothing else is taken for one`() throws {
        var landing: Landing? = try landing()
        #expect(landing != nil && access("\(folder.path)/landing", F_OK) == 0)
        // There is one already.
        #expect(throws: Landing.Failure.self) {
            try Landing(
                path: "\(self.folder.path)/landing", datagramMax: 9, origin: self.origin,
                source: "x")
        }
        landing = nil
        #expect(access("\(folder.path)/landing", F_OK) != 0)
        for bytes in [[], [1, 2, 3], [UInt8](repeating: 0, count: 20_000)] as [[UInt8]] {
            try folder.write("copy", bytes: bytes)
            #expect(throws: Landing.Failure.self) {
                try Landing(leftAt: "\(self.folder.path)/copy")
            }
        }
        #expect(throws: Landing.Failure.self) { try Landing(leftAt: "/nowhere/landing") }
    }
}
