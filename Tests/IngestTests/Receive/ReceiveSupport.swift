import Glibc
import Ring
import Threads

@testable import Ingest

/// A sensor: sends datagrams from a loopback address of its choice.
final class TestSender {
    private let descriptor: CInt

    init(from source: String = "127.0.0.1", to target: Endpoint) {
        let source = Endpoint(address: IPAddress(source)!, port: 0)
        descriptor = socket(source.family, CInt(SOCK_DGRAM.rawValue), 0)
        let bound = source.withSocketAddress { bind(descriptor, $0, $1) }
        let connected = target.withSocketAddress { connect(descriptor, $0, $1) }
        precondition(bound == 0 && connected == 0, "errno \(errno)")
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        let sent = Glibc.send(descriptor, bytes, bytes.count, 0)
        precondition(sent == bytes.count, "errno \(errno)")
    }

    /// Sends until the kernel has dropped a few; tells how many it sent and how many of them the
    /// kernel dropped.
    func overfill(_ socket: borrowing DatagramSocket) -> (sent: UInt64, dropped: UInt64) {
        let bytes = [UInt8](repeating: 0x61, count: 20_000)
        var sent: UInt64 = 0
        while socket.dropped()! < 10 {
            send(bytes)
            sent += 1
        }
        return (sent, UInt64(socket.dropped()!))
    }
}

/// Keeps copies of what it is given, or has no room at all.
final class TestSink: FrameSink {
    struct Frame: Equatable {
        let text: String
        let info: FrameInfo
    }

    private let kept = Lock<[Frame]>([])
    /// What it was told to write down.
    let counted = Lock(ReceiveTally())
    private let hasRoom: Bool

    init(hasRoom: Bool = true) { self.hasRoom = hasRoom }

    var frames: [Frame] { kept.withLock { $0 } }
    var texts: [String] { frames.map(\.text) }

    func append(_ arrivals: Span<Arrival>, from landing: Landing?) -> ReceiveTally.Count {
        var dropped = ReceiveTally.Count()
        for index in 0..<arrivals.count {
            let arrival = arrivals[index]
            guard hasRoom else {
                dropped.datagrams += 1
                dropped.bytes += UInt64(arrival.payload.count)
                continue
            }
            let text = String(decoding: arrival.payload, as: UTF8.self)
            kept.withLock { $0.append(Frame(text: text, info: arrival.info)) }
        }
        return dropped
    }

    func count(_ tally: ReceiveTally, source: UInt16) { counted.withLock { $0 += tally } }
}

/// Waits until the condition holds, however long that takes.
func eventually(_ condition: () -> Bool) {
    while !condition() { usleep(500) }
}

/// Runs the receiver on its thread while `body` runs, then stops it and gives its last tally.
@discardableResult
func whileRunning<Sink>(
    _ receiver: Receiver<Sink>, _ body: () -> Void
) -> ReceiveTally {
    let thread = PlainThread(name: "receiver") { try! receiver.run() }
    body()
    receiver.stop()
    thread.join()
    return receiver.tally
}

extension ReceiveTally {
    /// Whether everything that came in went somewhere.
    var isBalanced: Bool {
        let parts = [accepted, overflow, truncated, refused, empty]
        return received.datagrams == parts.reduce(0) { $0 + $1.datagrams }
            && received.bytes == parts.reduce(0) { $0 + $1.bytes }
    }
}

let loopback = Endpoint("127.0.0.1:0")!

/// Whether this host can bind to IPv6's loopback address.
let hasIPv6: Bool = {
    do throws(SocketError) {
        let socket = try DatagramSocket(bindingTo: Endpoint("[::1]:0")!)
        return socket.endpoint.port != 0
    } catch {
        return false
    }
}()
