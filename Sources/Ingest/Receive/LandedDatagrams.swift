import CLinux
import Glibc
import Ring

/// Datagrams that a former process had taken from the kernel when it was killed.
@safe
struct LandedDatagrams {
    // Safe: the landing outlives all that is lent from it.
    /// Where they are; who appends them notes there how far they come, as the receiver does.
    let landing: Landing
    /// The listener's name.
    let source: String
    let attributes: UInt16
    /// Of those that are not in the ring, in their order.
    private let indexes: [Int]
    /// Whether the receiver had chosen these already: no filter is asked again.
    let areChosen: Bool

    private var memory: UnsafeRawPointer { unsafe UnsafeRawPointer(landing.pointer(at: 0)) }

    /// - Parameter framesEver: how many frames ever came into a ring before anything was recovered;
    ///   `nil` for one that is not there.
    init(_ landing: Landing, framesEver: (RingIdentity) -> UInt64?) {
        self.landing = landing
        let length = landing.load(LandingLayout.nameLength)
        let name = unsafe UnsafeRawBufferPointer(
            start: landing.pointer(at: LandingLayout.name),
            count: Int(min(length, UInt64(LandingLayout.nameBytesMax))))
        source = unsafe String(decoding: name, as: UTF8.self)
        attributes = UInt16(truncatingIfNeeded: landing.load(LandingLayout.attributes))
        let phase = Landing.Phase(rawValue: landing.load(LandingLayout.phase))
        areChosen = phase == .appending
        indexes =
            switch phase {
            case .receiving:
                unsafe Self.received(landing.pointer(at: landing.layout.messages))
            case .appending: Self.missing(landing, framesEver)
            case .idle, nil: []
            }
    }

    /// The kernel writes a size when it is done with a datagram, and takes one after another.
    private static func received(_ messages: UnsafeRawPointer) -> [Int] {
        (0..<ReceiveLimits.batchCount).prefix { index in
            unsafe message(messages, index).size != LandingLayout.noSize
        }.map(\.self)
    }

    /// Those that were chosen, without those that a ring has.
    private static func missing(
        _ landing: Landing, _ framesEver: (RingIdentity) -> UInt64?
    ) -> [Int] {
        let chosen = landing.load(LandingLayout.chosen)
        let all = (0..<ReceiveLimits.batchCount).filter { chosen >> UInt64($0) & 1 == 1 }
        let newest = landing.load(LandingLayout.slot) & 1
        for slot in [newest, 1 - newest] {
            let offset = LandingLayout.slots + Int(slot) * LandingLayout.slotBytes
            let ring = RingIdentity(low: landing.load(offset), high: landing.load(offset + 8))
            let arrivals = landing.load(offset + 16)
            let noted = landing.load(offset + 24)
            guard let present = framesEver(ring), present >= noted else { continue }
            // The ring may have the frame that was just being written, and be further still only
            // when it is done with all of them.
            let ahead = min(present - noted, 1)
            return Array(all.dropFirst(Int(min(arrivals, 64) + ahead)))
        }
        return all
    }

    private static func message(_ messages: UnsafeRawPointer, _ index: Int) -> clinux_message {
        unsafe messages.load(
            fromByteOffset: index * MemoryLayout<clinux_message>.stride, as: clinux_message.self)
    }
}

extension LandedDatagrams: DatagramList {
    var count: Int { indexes.count }

    func place(of position: Int) -> Int { indexes[position] }

    func datagram(at position: Int, now: Int64) -> Datagram {
        let index = indexes[position]
        var message = unsafe Self.message(memory + landing.layout.messages, index)
        let size = unsafe Int(message.size)
        // The pointers in the header are those of the process that is gone.
        let control = unsafe memory + landing.layout.controls + index * CLINUX_CONTROL_SIZE
        unsafe message.control = UnsafeMutableRawPointer(mutating: control)
        unsafe message.control_size = min(message.control_size, CLINUX_CONTROL_SIZE)
        let arrival = unsafe clinux_arrival_of(&message)
        let payload = unsafe UnsafeRawBufferPointer(
            start: memory + landing.layout.payloads + index * landing.layout.stride,
            count: min(size, landing.datagramMax))
        let form =
            unsafe (memory + landing.layout.sources + index * MemoryLayout<sockaddr_in6>.stride)
            .assumingMemoryBound(to: sockaddr_in6.self)
        return unsafe Datagram(
            payload: payload, size: size,
            receivedAt: arrival.received_at != 0 ? arrival.received_at : now,
            source: Endpoint(form)?.address ?? IPAddress(high: 0, low: 0), dropped: nil)
    }
}
