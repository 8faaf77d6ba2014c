import CLinux
import Glibc

/// One received datagram. The payload is only there until the next `receive`.
@safe
package struct Datagram {
    // Safe to pass around: only reading the payload is not, and that is marked where it happens.
    /// The bytes; only the first ones when `isTruncated`.
    package let payload: UnsafeRawBufferPointer
    /// Its size as sent, also when not all of it is there.
    package let size: Int
    /// Whether it was larger than the largest one allowed.
    package var isTruncated: Bool { unsafe size > payload.count }
    /// Nanoseconds since 1970, by the kernel's clock at arrival. (Where no other socket of the
    /// machine wants receive times, the kernel takes a moment to begin with them, and until then
    /// gives the time at which the datagram was fetched.)
    package let receivedAt: Int64
    package let source: IPAddress
    /// The socket's drop counter when this datagram was queued; nil while nothing was dropped.
    package let dropped: UInt32?
}

/// Headers for `recvmmsg` and where it puts things, set up once and filled again and again.
@safe
package struct DatagramBatch: ~Copyable, @unchecked Sendable {
    // @unchecked: sole user of the landing, sole owner of the vectors.
    package private(set) var count = 0
    package var datagramMax: Int { landing.datagramMax }
    /// Whether it is worth while to let others gather: several came at once, none is left waiting, and
    /// as much again, and again, finds room.
    ///
    /// - Parameter byteCount: of this batch's datagrams.
    func mayGather(_ byteCount: Int, in buffer: ReceiveBuffer) -> Bool {
        (2..<ReceiveLimits.batchCount).contains(count)
            && byteCount * ReceiveLimits.gatherBufferPart <= buffer.granted
    }

    let landing: Landing
    private let stride: Int
    private let slab: UnsafeMutableRawPointer
    private let sources: UnsafeMutablePointer<sockaddr_in6>
    private let vectors: UnsafeMutablePointer<clinux_bytes>
    private let messages: UnsafeMutablePointer<clinux_message>
    /// Headers that the kernel has written to since they were set up.
    private var usedCount = ReceiveLimits.batchCount

    /// - Parameter datagramMax: bytes of the largest datagram that is taken whole.
    package init(datagramMax: Int = ReceiveLimits.datagramMax) {
        precondition((1...ReceiveLimits.datagramMax).contains(datagramMax))
        self.init(Landing(datagramMax: datagramMax))
    }

    /// - Parameter landing: nobody else uses it.
    package init(_ landing: Landing) {
        let capacity = ReceiveLimits.batchCount
        self.landing = landing
        let layout = landing.layout
        stride = layout.stride
        unsafe slab = landing.pointer(at: layout.payloads)
        unsafe sources = landing.pointer(at: layout.sources)
            .bindMemory(to: sockaddr_in6.self, capacity: capacity)
        unsafe messages = landing.pointer(at: layout.messages)
            .bindMemory(to: clinux_message.self, capacity: capacity)
        unsafe vectors = .allocate(capacity: capacity)
        let controls = unsafe landing.pointer(at: layout.controls)
        for index in 0..<capacity {
            unsafe (vectors + index).initialize(
                to: clinux_bytes(base: slab + index * stride, count: landing.datagramMax))
            var message = unsafe clinux_message()
            unsafe message.address = UnsafeMutableRawPointer(sources + index)
            unsafe message.payload = vectors + index
            unsafe message.payload_count = 1
            unsafe message.control = controls + index * CLINUX_CONTROL_SIZE
            unsafe message.size = LandingLayout.noSize
            unsafe (messages + index).initialize(to: message)
        }
    }

    deinit { unsafe vectors.deallocate() }

    /// Bytes that a batch takes from the system at most.
    package static func byteCount(datagramMax: Int) -> Int {
        unsafe Landing.byteCount(datagramMax: datagramMax)
            + MemoryLayout<clinux_bytes>.stride * ReceiveLimits.batchCount
    }

    /// Receives once; answers 0 or the `errno`, and holds nothing after an error.
    mutating func fill(from descriptor: borrowing SocketDescriptor) -> CInt {
        landing.enter(.idle)
        // The kernel writes the lengths back, so they are set again wherever it did.
        for index in 0..<usedCount {
            unsafe messages[index].size = LandingLayout.noSize
            unsafe messages[index].address_size = UInt32(MemoryLayout<sockaddr_in6>.size)
            unsafe messages[index].control_size = CLINUX_CONTROL_SIZE
        }
        count = 0
        landing.enter(.receiving)
        let result = unsafe clinux_receive_messages(
            descriptor.number, messages, CUnsignedInt(ReceiveLimits.batchCount))
        count = max(0, Int(result))
        // An entry on which the kernel failed may have been begun.
        usedCount = min(count + 1, ReceiveLimits.batchCount)
        return SocketDescriptor.outcome(result)
    }

    /// - Parameter now: stands in for a receive time that the kernel left out.
    @inline(__always)
    package func datagram(at index: Int, now: Int64) -> Datagram {
        precondition(index >= 0 && index < count)
        let size = unsafe Int(messages[index].size)
        let arrival = unsafe clinux_arrival_of(messages + index)
        let payload = unsafe UnsafeRawBufferPointer(
            start: slab + index * stride, count: min(size, datagramMax))
        let address = unsafe Endpoint(sources + index)?.address
        return unsafe Datagram(
            payload: payload, size: size,
            receivedAt: arrival.received_at != 0 ? arrival.received_at : now,
            source: address ?? IPAddress(high: 0, low: 0),
            dropped: arrival.has_dropped ? arrival.dropped : nil)
    }
}

extension DatagramBatch {
    /// The wall clock in nanoseconds since 1970.
    package static func wallClock() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
