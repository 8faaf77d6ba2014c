import CLinux
import Glibc

/// Memory for `sendmmsg` and a socket that it goes out of. The counterpart of `DatagramBatch`.
@safe
struct DatagramSender: ~Copyable {
    // Safe: sole owner of what the pointers lead to, and indices are checked.
    /// How often the target answered that nobody listens.
    private(set) var refusalCount = 0
    let target: Endpoint
    private let descriptor: SocketDescriptor
    private let datagramSize: Int
    private let slab: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<clinux_bytes>
    private let messages: UnsafeMutablePointer<clinux_message>

    /// - Parameter datagramSize: bytes that every datagram has room for.
    init(to target: Endpoint, datagramSize: Int) throws(SocketError) {
        let operation = "cannot send to udp \(target)"
        let descriptor: SocketDescriptor
        switch SocketDescriptor.open(family: target.family) {
        case .success(let number): descriptor = SocketDescriptor(owning: number)
        case .failure(let failure): throw SocketError(operation, code: failure.code)
        }
        // Connected, so that the route is looked up once and a missing listener is heard of.
        let code = descriptor.connect(to: target)
        if code != 0 { throw SocketError(operation, code: code) }
        let capacity = SimulateLimits.batchCount
        self.target = target
        self.datagramSize = datagramSize
        unsafe slab = .allocate(byteCount: datagramSize * capacity, alignment: 64)
        unsafe vectors = .allocate(capacity: capacity)
        unsafe messages = .allocate(capacity: capacity)
        for index in 0..<capacity {
            unsafe (vectors + index).initialize(
                to: clinux_bytes(base: slab + index * datagramSize, count: 0))
            var message = unsafe clinux_message()
            unsafe message.payload = vectors + index
            unsafe message.payload_count = 1
            unsafe (messages + index).initialize(to: message)
        }
        self.descriptor = descriptor
    }

    deinit {
        unsafe slab.deallocate()
        unsafe vectors.deallocate()
        unsafe messages.deallocate()
    }

    /// Writes the payload of one datagram of the next batch.
    @inline(__always)
    mutating func fill(_ index: Int, _ body: (inout LineBuffer) -> Void) -> Int {
        precondition(index >= 0 && index < SimulateLimits.batchCount)
        var buffer = unsafe LineBuffer(
            UnsafeMutableRawBufferPointer(
                start: slab + index * datagramSize, count: datagramSize))
        body(&buffer)
        unsafe vectors[index].count = buffer.count
        return buffer.count
    }

    /// Sends the first `count` datagrams, waiting for room where there is none.
    mutating func send(_ count: Int) throws(SocketError) {
        precondition(count <= SimulateLimits.batchCount)
        var sent = 0
        while sent < count {
            let result = unsafe clinux_send_messages(
                descriptor.number, messages + sent, CUnsignedInt(count - sent))
            switch SocketDescriptor.outcome(result) {
            case 0:
                sent += Int(result)
                // sendmmsg swallows the error that stopped it halfway; on a socket that waits
                // for room it was the answer to an earlier datagram, as below.
                if sent < count { refusalCount += 1 }
            // The answer to an earlier datagram; this one was not sent yet.
            case ECONNREFUSED: refusalCount += 1
            case EINTR: continue
            case ENOBUFS, ENOMEM, EAGAIN: usleep(1000)
            case let code: throw SocketError("cannot send to udp \(target)", code: code)
            }
        }
    }
}
