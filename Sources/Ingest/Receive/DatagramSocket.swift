import CLinux
import Glibc

/// A UDP socket that is ready to receive: bound, with kernel receive times and drop counts on.
package struct DatagramSocket: ~Copyable, Sendable {
    let descriptor: SocketDescriptor
    /// Where it is bound; holds the real port also when 0 was asked for.
    package let endpoint: Endpoint
    package let receiveBuffer: ReceiveBuffer
    package let ownership: Ownership
    /// What the kernel had dropped before this process took the socket over; 0 for a new one.
    package let droppedBefore: UInt32

    /// What becomes of a socket and its queue after this process.
    package enum Ownership: Sendable, Equatable {
        /// Bound by this process. Where the service manager keeps a copy, the next process gets it,
        /// unless the service is stopped: then it is gone with all that waits in it.
        case own
        /// Opened by the service manager, which keeps it whatever becomes of the service.
        case handedOver
    }

    /// Opens and binds a socket of our own.
    ///
    /// An IPv6 socket takes IPv6 alone, so that `0.0.0.0` and `[::]` can stand side by side.
    ///
    /// - Parameter receiveBuffer: bytes of queued datagrams; nil leaves the system's default.
    package init(
        bindingTo endpoint: Endpoint, receiveBuffer: Int? = nil
    ) throws(SocketError) {
        let descriptor: SocketDescriptor
        switch SocketDescriptor.open(family: endpoint.family) {
        case .success(let number): descriptor = SocketDescriptor(owning: number)
        case .failure(let failure): throw .binding(endpoint, code: failure.code)
        }
        if endpoint.family == AF_INET6 {
            let code = descriptor.set(IPV6_V6ONLY, level: CInt(IPPROTO_IPV6), to: 1)
            if code != 0 { throw .binding(endpoint, code: code) }
        }
        // Before bind: nothing can be queued, and so dropped, with the smaller buffer.
        let buffer = Self.enlarge(descriptor, to: receiveBuffer)
        let code = descriptor.bind(to: endpoint)
        if code != 0 { throw .binding(endpoint, code: code) }
        try self.init(descriptor, receiveBuffer: buffer, ownership: .own)
    }

    /// Takes over a socket that someone else has opened, systemd in general. The descriptor is
    /// ours from here on, also when an error is thrown.
    package init(
        adopting number: CInt, ownership: Ownership = .handedOver, receiveBuffer: Int? = nil
    ) throws(SocketError) {
        let descriptor = SocketDescriptor(owning: number)
        descriptor.setCloseOnExec()
        guard let type = descriptor.value(of: SO_TYPE) else {
            throw SocketError(
                wrongDescriptor: "descriptor \(number) is no socket; pass one with ListenDatagram=")
        }
        guard type == CInt(SOCK_DGRAM.rawValue) else {
            throw SocketError(
                wrongDescriptor: "socket \(number) is no datagram socket; "
                    + "the socket unit needs ListenDatagram=, not ListenStream=")
        }
        // Nonblocking would turn the wait for a datagram into a hot loop. The flag is shared
        // with whoever passed the socket on, who only polls it.
        descriptor.setNonblocking(false)
        descriptor.forgetError()
        let buffer = Self.enlarge(descriptor, to: receiveBuffer)
        try self.init(descriptor, receiveBuffer: buffer, ownership: ownership)
    }

    private init(
        _ descriptor: consuming SocketDescriptor, receiveBuffer: ReceiveBuffer,
        ownership: Ownership
    ) throws(SocketError) {
        guard let endpoint = descriptor.boundEndpoint() else {
            throw SocketError(
                wrongDescriptor: "socket \(descriptor.number) is neither IPv4 nor IPv6; "
                    + "the socket unit needs ListenDatagram=address:port")
        }
        for option in [SO_TIMESTAMPNS, SO_RXQ_OVFL] {
            let code = descriptor.set(option, to: 1)
            if code != 0 {
                throw SocketError("cannot set up udp \(endpoint), option \(option)", code: code)
            }
        }
        let code = descriptor.setReceiveTimeout(milliseconds: ReceiveLimits.patienceMilliseconds)
        if code != 0 {
            throw SocketError("cannot set the patience of udp \(endpoint)", code: code)
        }
        self.endpoint = endpoint
        self.receiveBuffer = receiveBuffer
        self.ownership = ownership
        droppedBefore = Self.queue(of: descriptor)?.dropped ?? 0
        self.descriptor = descriptor
    }

    /// The socket's drop counter now; nil when the kernel does not tell.
    package borrowing func dropped() -> UInt32? {
        Self.queue(of: descriptor)?.dropped
    }

    /// Where a socket is bound that is still somebody else's; `nil` for what is none.
    static func endpoint(of descriptor: CInt) -> Endpoint? {
        SocketDescriptor.boundEndpoint(of: descriptor)
    }

    /// Lends the descriptor, to be copied to another process.
    package borrowing func withDescriptor<Result>(_ body: (CInt) -> Result) -> Result {
        body(descriptor.number)
    }

    /// How many datagrams can be waiting at most: each takes this much memory, and more.
    borrowing func queuedMax() -> Int {
        let size = Self.queue(of: descriptor).map { Int($0.byte_count) }
        return (size ?? receiveBuffer.granted * 2) / ReceiveLimits.queuedSizeMin
    }

    /// Waits for datagrams, 100 ms at most, and takes what is there. An empty batch is no error.
    package borrowing func receive(into batch: inout DatagramBatch) throws(SocketError) {
        let code = batch.fill(from: descriptor)
        switch code {
        // ECONNREFUSED and its kin are leftovers of ICMP, no fault of this socket; memory may
        // be short for a moment.
        case 0, EAGAIN, EINTR, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN: return
        case ENOMEM, ENOBUFS: usleep(useconds_t(ReceiveLimits.patienceMilliseconds) * 1000)
        default: throw SocketError("cannot receive on udp \(endpoint)", code: code)
        }
    }

    /// From now on `receive` does not wait. Not for sockets that were handed over: the flag would
    /// be shared with the next process that gets them, which may be another program.
    borrowing func stopWaiting() {
        precondition(ownership == .own)
        descriptor.setNonblocking(true)
    }

    private static func queue(of descriptor: borrowing SocketDescriptor) -> clinux_queue? {
        var queue = clinux_queue()
        return unsafe clinux_queue_of(descriptor.number, &queue) ? queue : nil
    }

    /// Asks for room and reads back what was given. Never makes a buffer smaller: a socket unit
    /// may have been more generous than our configuration.
    private static func enlarge(
        _ descriptor: borrowing SocketDescriptor, to asked: Int?
    ) -> ReceiveBuffer {
        var granted = Int(descriptor.value(of: SO_RCVBUF) ?? 0) / 2
        if let asked, granted < asked {
            let size = CInt(min(asked, ReceiveLimits.receiveBufferMax))
            // The first needs CAP_NET_ADMIN and knows no limit, the second cuts silently.
            if descriptor.set(SO_RCVBUFFORCE, to: size) != 0 {
                _ = descriptor.set(SO_RCVBUF, to: size)
            }
            granted = Int(descriptor.value(of: SO_RCVBUF) ?? 0) / 2
        }
        return ReceiveBuffer(asked: asked, granted: granted)
    }
}
