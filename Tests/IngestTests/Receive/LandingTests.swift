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
        try #require(
            Landing(
                path: "\(folder.path)/landing", datagramMax: 100, origin: origin, source: "tanks"))
    }

    /// What a process that starts now would find.
    private func found(framesEver: UInt64? = nil) throws -> LandedDatagrams? {
        try folder.write("copy", bytes: fileBytes())
        return LandedDatagrams(path: "\(folder.path)/copy") { $0 == ring ? framesEver : nil }
    }

    private func texts(_ landed: LandedDatagrams?) -> [String]? {
        landed.map { landed in
            (0..<landed.count).map {
                String(decoding: landed.datagram(at: $0, now: 0).payload, as: UTF8.self)
            }
        }
    }

    @Test func `what was received and not looked at is found as it came`() throws {
        var batch = DatagramBatch(try landing())
        for text in ["a b=1", "", "c d=2"] { sender.send(text) }
        try socket.receive(into: &batch)
        let landed = try #require(try found())
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
        let datagram = try #require(try found()).datagram(at: 0, now: 0)
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
            (nil, ["b", "d", "e"]), (10, ["b", "d", "e"]), (11, ["d", "e"]), (13, []),
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
        #expect(landed?.areChosen == true)
        #expect(texts(landed) == left)
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
        for (framesEver, left) in [(UInt64(3), []), (2, ["a", "b", "c"])] as [(UInt64, [String])] {
            try folder.write("copy", bytes: fileBytes())
            let landed = LandedDatagrams(path: "\(folder.path)/copy") {
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
        #expect(
            Landing(path: "\(folder.path)/landing", datagramMax: 9, origin: origin, source: "x")
                == nil)
        landing = nil
        #expect(access("\(folder.path)/landing", F_OK) != 0)
        for bytes in [[], [1, 2, 3], [UInt8](repeating: 0, count: 20_000)] as [[UInt8]] {
            try folder.write("copy", bytes: bytes)
            #expect(LandedDatagrams(path: "\(folder.path)/copy") { _ in nil } == nil)
        }
        #expect(LandedDatagrams(path: "/nowhere/landing") { _ in nil } == nil)
    }
}
