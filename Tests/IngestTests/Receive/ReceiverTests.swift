import Glibc
import Testing
import Threads

@testable import Ingest

@Suite struct ReceiverTests {
    let origin = FrameOrigin(source: 7, attributes: 3)

    func receiver(
        _ sink: TestSink, on endpoint: Endpoint = loopback, allow: [String] = [],
        datagramMax: Int = ReceiveLimits.datagramMax
    ) throws -> Receiver<TestSink> {
        Receiver(
            socket: try DatagramSocket(bindingTo: endpoint), origin: origin,
            allow: AddressFilter(networks: allow.map { Network($0)! }), sink: sink,
            landing: Landing(datagramMax: datagramMax))
    }

    @Test func `datagrams over IPv4 arrive whole, in order and with their origin`() throws {
        let sink = TestSink()
        let receiver = try receiver(sink)
        let texts = (0..<200).map { "air,room=\($0) temperature=\($0)" }
        let tally = whileRunning(receiver) {
            let sender = TestSender(to: receiver.endpoint)
            texts.forEach(sender.send)
            eventually { sink.frames.count == texts.count }
        }
        #expect(sink.texts == texts)
        #expect(
            sink.frames.allSatisfy {
                $0.info.source == origin.source && $0.info.attributes == origin.attributes
            })
        #expect(tally.accepted.datagrams == 200)
        #expect(tally.accepted.bytes == UInt64(texts.reduce(0) { $0 + $1.utf8.count }))
        #expect(tally.isBalanced)
    }

    @Test(.enabled(if: hasIPv6, "this host has no IPv6 loopback"))
    func `datagrams over IPv6 arrive`() throws {
        let sink = TestSink()
        let receiver = try receiver(sink, on: Endpoint("[::1]:0")!, allow: ["::1"])
        whileRunning(receiver) {
            TestSender(from: "::1", to: receiver.endpoint).send("air temperature=1")
            eventually { sink.texts == ["air temperature=1"] }
        }
    }

    @Test func `a datagram that is too large is counted and not cut`() throws {
        let sink = TestSink()
        let receiver = try receiver(sink, datagramMax: 100)
        let tally = whileRunning(receiver) {
            let sender = TestSender(to: receiver.endpoint)
            sender.send([UInt8](repeating: 0x61, count: 101))
            sender.send([UInt8](repeating: 0x62, count: 5000))
            sender.send([UInt8](repeating: 0x63, count: 100))
            eventually { sink.frames.count == 1 }
        }
        #expect(sink.texts == [String(repeating: "c", count: 100)])
        #expect(tally.truncated == ReceiveTally.Count(datagrams: 2, bytes: 5101))
        #expect(tally.truncatedSender == IPAddress("127.0.0.1"))
        #expect(tally.isBalanced)
    }

    @Test func `the largest datagram of all fits`() throws {
        let sink = TestSink()
        let receiver = try receiver(sink)
        let text = String(repeating: "x", count: 65_507)
        whileRunning(receiver) {
            TestSender(to: receiver.endpoint).send(text)
            eventually { sink.texts == [text] }
        }
    }

    @Test func `an empty datagram is counted and not kept`() throws {
        let sink = TestSink()
        let receiver = try receiver(sink)
        let tally = whileRunning(receiver) {
            let sender = TestSender(to: receiver.endpoint)
            sender.send("")
            sender.send("a b=1")
            eventually { sink.frames.count == 1 }
        }
        #expect(tally.empty == ReceiveTally.Count(datagrams: 1, bytes: 0))
        #expect(tally.received.datagrams == 2)
        #expect(tally.isBalanced)
    }

    @Test func `a source outside the allowed networks is refused until the list changes`() throws {
        let sink = TestSink()
        let receiver = try receiver(sink, allow: ["127.0.0.2"])
        let tally = whileRunning(receiver) {
            let friend = TestSender(from: "127.0.0.2", to: receiver.endpoint)
            let stranger = TestSender(from: "127.0.0.3", to: receiver.endpoint)
            stranger.send("first")
            friend.send("second")
            eventually { sink.texts == ["second"] && receiver.tally.received.datagrams == 2 }
            receiver.replaceAllow(AddressFilter(networks: [Network("127.0.0.3/32")!]))
            // The list counts from the next turn on: one that began before may still be waiting.
            let turns = receiver.turns
            eventually { receiver.turns >= turns + 2 }
            friend.send("third")
            stranger.send("fourth")
            eventually { sink.texts == ["second", "fourth"] }
        }
        #expect(tally.refused == ReceiveTally.Count(datagrams: 2, bytes: 10))
        #expect(tally.refusedSender == IPAddress("127.0.0.2"))
        #expect(tally.isBalanced)
    }

    @Test func `what finds no room in the sink counts as overflow`() throws {
        let sink = TestSink(hasRoom: false)
        let receiver = try receiver(sink)
        let tally = whileRunning(receiver) {
            let sender = TestSender(to: receiver.endpoint)
            for _ in 0..<10 { sender.send("a b=1") }
            eventually { receiver.tally.overflow.datagrams == 10 }
        }
        #expect(tally.overflow.bytes == 50)
        #expect(tally.accepted == ReceiveTally.Count())
        #expect(tally.isBalanced)
    }

    @Test func `kernel drops plus what was received is what was sent`() throws {
        let sink = TestSink()
        let socket = try DatagramSocket(bindingTo: loopback)
        let sender = TestSender(to: socket.endpoint)
        // Nobody receives yet: the socket's buffer overflows.
        let (sent, dropped) = sender.overfill(socket)
        let receiver = Receiver(
            socket: socket, origin: origin, allow: AddressFilter(), sink: sink)
        let tally = whileRunning(receiver) {
            // The drops came behind the last datagram that fitted: only asking finds them.
            eventually { receiver.tally.kernelDropped == dropped }
            sender.send("b")
            eventually { sink.texts.last == "b" }
        }
        #expect(tally.kernelDropped == dropped)
        #expect(tally.kernelDropped + tally.received.datagrams == sent + 1)
    }

    @Test func `an idle receiver turns, and stops within one wait`() throws {
        let receiver = try receiver(TestSink())
        var turnsAtStop: UInt64 = 0
        whileRunning(receiver) {
            eventually { receiver.turns >= 3 }
            receiver.stop()
            turnsAtStop = receiver.turns
        }
        // The wait that was under way, and the last look into the queue.
        #expect(receiver.turns - turnsAtStop <= 2)
    }

    @Test func `what had arrived before the stop is still taken`() throws {
        let sink = TestSink()
        let receiver = try receiver(sink)
        let sender = TestSender(to: receiver.endpoint)
        for number in 0..<150 { sender.send("\(number)") }
        receiver.stop()
        try receiver.run()
        #expect(sink.texts == (0..<150).map { "\($0)" })
    }
}
