import CLinux
import Glibc
import Testing

@testable import Ingest

@Suite struct DatagramSocketTests {
    /// Opens a socket as systemd would: another's, bound, and here also nonblocking.
    func foreignSocket(
        family: CInt = AF_INET, type: __socket_type = SOCK_DGRAM, endpoint: Endpoint = loopback
    ) -> CInt {
        let descriptor = socket(family, CInt(type.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        precondition(descriptor >= 0)
        _ = endpoint.withSocketAddress { bind(descriptor, $0, $1) }
        return descriptor
    }

    func failure(_ body: () throws -> Void) -> SocketError? {
        do {
            try body()
            return nil
        } catch {
            return error as? SocketError
        }
    }

    @Test func `port 0 gets a real port, which can be read back`() throws {
        let endpoint = try DatagramSocket(bindingTo: loopback).endpoint
        #expect(endpoint.port != 0)
        #expect(endpoint.address == loopback.address)
    }

    @Test func `the receive time is the kernel's`() throws {
        let socket = try DatagramSocket(bindingTo: loopback)
        let sender = TestSender(to: socket.endpoint)
        var batch = DatagramBatch(datagramMax: 1000)
        // The kernel takes a moment to begin with it where no other socket wants it.
        let isKernels = try (0..<1000).contains { _ in
            let before = DatagramBatch.wallClock()
            sender.send("a b=1")
            let after = DatagramBatch.wallClock()
            try socket.receive(into: &batch)
            #expect(batch.count == 1)
            let datagram = batch.datagram(at: 0, now: 0)
            #expect(datagram.source == loopback.address)
            // Had it been taken on receiving, it would lie behind `after`.
            return (before...after).contains(datagram.receivedAt)
        }
        #expect(isKernels)
    }

    @Test func `a batch takes many datagrams with one call and can be filled again`() throws {
        let socket = try DatagramSocket(bindingTo: loopback)
        let sender = TestSender(to: socket.endpoint)
        var batch = DatagramBatch(datagramMax: 1000)
        for round in 0..<3 {
            for _ in 0..<70 { sender.send("round \(round)") }
            try socket.receive(into: &batch)
            #expect(batch.count == 64)
            for index in 0..<64 {
                let datagram = batch.datagram(at: index, now: 0)
                #expect(String(decoding: datagram.payload, as: UTF8.self) == "round \(round)")
                #expect(datagram.receivedAt > 0)
            }
            try socket.receive(into: &batch)
            #expect(batch.count == 6)
        }
    }

    /// A process that is killed while the kernel copies a datagram for it leaves an error behind: here one
    /// call finds room for the first datagram, and no memory for the second.
    @Test func `an error that a former process left on the socket is nobody's`() throws {
        let descriptor = foreignSocket()
        let sender = TestSender(to: try #require(DatagramSocket.endpoint(of: descriptor)))
        for number in 1...3 { sender.send("datagram \(number)") }
        var room = [UInt8](repeating: 0, count: 100)
        let left = room.withUnsafeMutableBytes { room in
            var places = [
                clinux_bytes(base: room.baseAddress, count: room.count),
                clinux_bytes(base: UnsafeMutableRawPointer(bitPattern: 16), count: 100),
            ]
            return places.withUnsafeMutableBufferPointer { places in
                var messages = [clinux_message(), clinux_message()]
                for index in messages.indices {
                    messages[index].payload = places.baseAddress! + index
                    messages[index].payload_count = 1
                }
                return clinux_receive_messages(descriptor, &messages, 2)
            }
        }
        try #require(left == 1)
        let socket = try DatagramSocket(adopting: descriptor)
        var batch = DatagramBatch(datagramMax: 1000)
        try socket.receive(into: &batch)
        #expect(batch.count == 1)
        let payload = batch.datagram(at: 0, now: 0).payload
        #expect(String(decoding: payload, as: UTF8.self) == "datagram 3")
    }

    @Test(arguments: [(0, false), (1, false), (2, true), (63, true), (64, false), (65, false)])
    func `only datagrams that came in company are worth a wait for more`(
        _ count: Int, _ mayGather: Bool
    ) throws {
        let socket = try DatagramSocket(bindingTo: loopback)
        let sender = TestSender(to: socket.endpoint)
        var batch = DatagramBatch(datagramMax: 1000)
        for _ in 0..<count { sender.send("a b=1") }
        try socket.receive(into: &batch)
        let buffer = ReceiveBuffer(asked: nil, granted: 16_000)
        let verdicts = [1_000, 1_001].map { batch.mayGather($0, in: buffer) }
        #expect(verdicts == [mayGather, false], "a larger part of the buffer is followed at once")
    }

    @Test func `silence gives an empty batch`() throws {
        let socket = try DatagramSocket(bindingTo: loopback)
        var batch = DatagramBatch(datagramMax: 1000)
        try socket.receive(into: &batch)
        #expect(batch.count == 0)
    }

    @Test func `an address in use is told with what to do`() throws {
        let socket = try DatagramSocket(bindingTo: loopback)
        let endpoint = socket.endpoint
        let error = failure { _ = try DatagramSocket(bindingTo: endpoint).endpoint }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.description.contains("udp \(endpoint): Address already in use; ") == true)
        #expect(error?.description.contains("ss -lunp 'sport = :\(endpoint.port)'") == true)
    }

    @Test func `an address that is not this machine's is told`() {
        let error = failure {
            _ = try DatagramSocket(bindingTo: Endpoint("192.0.2.1:8089")!).endpoint
        }
        #expect(error?.code == EADDRNOTAVAIL)
        #expect(error?.description.contains("0.0.0.0:8089 listens on all") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func `an inherited socket is taken over and waits even when it was nonblocking`() throws {
        let descriptor = foreignSocket()
        let socket = try DatagramSocket(adopting: descriptor)
        let ownership = socket.ownership
        #expect(ownership == .handedOver)
        #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK == 0)
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        TestSender(to: socket.endpoint).send("hello")
        var batch = DatagramBatch(datagramMax: 1000)
        try socket.receive(into: &batch)
        #expect(batch.count == 1)
    }

    @Test func `an inherited socket tells what was dropped before, and that is not counted again`()
        throws
    {
        let descriptor = foreignSocket()
        let keeper = dup(descriptor)
        defer { close(keeper) }
        let first = try DatagramSocket(adopting: descriptor)
        let sender = TestSender(to: first.endpoint)
        let (sent, dropped) = sender.overfill(first)
        let before = first.droppedBefore
        #expect(before == 0)
        let second = try DatagramSocket(adopting: dup(keeper))
        let inherited = second.droppedBefore
        #expect(UInt64(inherited) == dropped)
        let sink = TestSink()
        let receiver = Receiver(
            socket: second, origin: FrameOrigin(source: 0, attributes: 0),
            allow: AddressFilter(), sink: sink)
        let tally = whileRunning(receiver) {
            eventually { receiver.tally.received.datagrams == sent - dropped }
        }
        #expect(tally.kernelDropped == 0)
    }

    @Test func `what is no datagram socket is refused`() {
        let stream = foreignSocket(type: SOCK_STREAM)
        #expect(
            failure { _ = try DatagramSocket(adopting: stream).endpoint }?.description
                .contains("ListenDatagram=, not ListenStream=") == true)
        let file = open("/dev/null", O_RDONLY)
        #expect(
            failure { _ = try DatagramSocket(adopting: file).endpoint }?.description
                .contains("is no socket") == true)
        let local = foreignSocket(family: AF_UNIX)
        #expect(
            failure { _ = try DatagramSocket(adopting: local).endpoint }?.description
                .contains("neither IPv4 nor IPv6") == true)
    }

    @Test(.enabled(if: hasIPv6, "this host has no IPv6 loopback"))
    func `IPv4 sources of a dual-stack socket count as IPv4`() throws {
        let descriptor = socket(AF_INET6, CInt(SOCK_DGRAM.rawValue), 0)
        _ = Endpoint("[::]:0")!.withSocketAddress { bind(descriptor, $0, $1) }
        let socket = try DatagramSocket(adopting: descriptor)
        let target = Endpoint(address: loopback.address, port: socket.endpoint.port)
        TestSender(from: "127.0.0.9", to: target).send("a")
        var batch = DatagramBatch(datagramMax: 1000)
        try socket.receive(into: &batch)
        let source = batch.datagram(at: 0, now: 0).source
        #expect("\(source)" == "127.0.0.9")
        #expect(Network("127.0.0.0/8")!.contains(source))
    }

    @Test(.enabled(if: hasIPv6, "this host has no IPv6 loopback"))
    func `IPv4 and IPv6 listen on the same port side by side`() throws {
        let version4 = try DatagramSocket(bindingTo: Endpoint("0.0.0.0:0")!)
        let port = version4.endpoint.port
        let version6 = try DatagramSocket(bindingTo: Endpoint("[::]:\(port)")!)
        let port6 = version6.endpoint.port
        #expect(port6 == port)
    }

    @Test func `the granted buffer is told in the measure in which it was asked for`() throws {
        let larger = try DatagramSocket(bindingTo: loopback, receiveBuffer: 300_000).receiveBuffer
        // Without rights the host's rmem_max decides; in no case is the doubled figure told.
        #expect(larger.isGranted == (larger.complaint == nil))
        #expect(larger.granted != 600_000)
        let plain = try DatagramSocket(bindingTo: loopback).receiveBuffer
        #expect(plain.asked == nil)
        #expect(plain.granted > 0)
    }

    @Test func `a buffer that was not granted is told with the sysctl to set`() {
        let buffer = ReceiveBuffer(asked: 8_388_608, granted: 212_992)
        #expect(!buffer.isGranted)
        #expect(buffer.complaint?.contains("sysctl -w net.core.rmem_max=8388608") == true)
        #expect(buffer.complaint?.contains("of 212992 bytes, not 8388608") == true)
    }
}
