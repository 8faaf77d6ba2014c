import CLinux
import Glibc
import Ring

/// Datagrams that a former process had taken from the kernel when it was killed.
@safe
struct LandedDatagrams {
    // Safe: the file outlives all that is lent from it.
    /// The listener's name.
    let source: String
    let attributes: UInt16
    /// Of those that are not in the ring, in their order.
    private let indexes: [Int]
    /// Whether the receiver had chosen these already: no filter is asked again.
    let areChosen: Bool
    private let layout: LandingLayout
    private let datagramMax: Int
    private let file: FileInMemory

    private var memory: UnsafeRawPointer { unsafe file.bytes.baseAddress! }

    /// - Parameter framesEver: how many frames ever came into a ring; `nil` for one that is not there.
    /// - Returns: `nil` for a file that is not one of these, or not a whole one.
    init?(path: String, framesEver: (RingIdentity) -> UInt64?) {
        guard let file = FileInMemory(path: path), unsafe file.bytes.count >= 4_096 else {
            return nil
        }
        self.file = file
        let memory = unsafe file.bytes.baseAddress!
        let words = unsafe Words(memory: memory)
        let nameLength = Int(truncatingIfNeeded: words[LandingLayout.nameLength])
        datagramMax = Int(truncatingIfNeeded: words[LandingLayout.datagramMax])
        guard words[LandingLayout.magic] == LandingLayout.magicNumber,
            (1...ReceiveLimits.datagramMax).contains(datagramMax),
            (0...LandingLayout.nameBytesMax).contains(nameLength)
        else { return nil }
        layout = LandingLayout(datagramMax: datagramMax)
        guard unsafe file.bytes.count == layout.byteCount else { return nil }
        let name = unsafe UnsafeRawBufferPointer(
            start: memory + LandingLayout.name, count: nameLength)
        source = unsafe String(decoding: name, as: UTF8.self)
        attributes = UInt16(truncatingIfNeeded: words[LandingLayout.attributes])
        let phase = Landing.Phase(rawValue: words[LandingLayout.phase])
        areChosen = phase == .appending
        indexes =
            switch phase {
            case .receiving: unsafe Self.received(memory + layout.messages)
            case .appending: Self.missing(words, framesEver)
            case .idle, nil: []
            }
    }

    @safe
    private struct Words {
        let memory: UnsafeRawPointer
        subscript(offset: Int) -> UInt64 {
            unsafe memory.load(fromByteOffset: offset, as: UInt64.self)
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
        _ words: Words, _ framesEver: (RingIdentity) -> UInt64?
    ) -> [Int] {
        let chosen = words[LandingLayout.chosen]
        let all = (0..<ReceiveLimits.batchCount).filter { chosen >> UInt64($0) & 1 == 1 }
        let newest = words[LandingLayout.slot] & 1
        for slot in [newest, 1 - newest] {
            let offset = LandingLayout.slots + Int(slot) * LandingLayout.slotBytes
            let ring = RingIdentity(low: words[offset], high: words[offset + 8])
            let arrivals = words[offset + 16]
            guard arrivals > 0, let present = framesEver(ring), present >= words[offset + 24]
            else { continue }
            return Array(all.dropFirst(Int(truncatingIfNeeded: min(arrivals, 64))))
        }
        return all
    }

    private static func message(_ messages: UnsafeRawPointer, _ index: Int) -> clinux_message {
        unsafe messages.load(
            fromByteOffset: index * MemoryLayout<clinux_message>.stride, as: clinux_message.self)
    }
}

/// All of a file, as it was written to by others.
@safe
private final class FileInMemory {
    // Safe: sole owner of the mapping, which is never written to.
    let bytes: UnsafeRawBufferPointer

    init?(path: String) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_size > 0 else { return nil }
        let mapped = unsafe mmap(
            nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { return nil }
        unsafe bytes = UnsafeRawBufferPointer(start: mapped, count: Int(status.st_size))
    }

    deinit {
        unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
    }
}

extension LandedDatagrams: DatagramList {
    var count: Int { indexes.count }

    func datagram(at position: Int, now: Int64) -> Datagram {
        let index = indexes[position]
        var message = unsafe Self.message(memory + layout.messages, index)
        let size = unsafe Int(message.size)
        // The pointers in the header are those of the process that is gone.
        let control = unsafe memory + layout.controls + index * CLINUX_CONTROL_SIZE
        unsafe message.control = UnsafeMutableRawPointer(mutating: control)
        unsafe message.control_size = min(message.control_size, CLINUX_CONTROL_SIZE)
        let arrival = unsafe clinux_arrival_of(&message)
        let payload = unsafe UnsafeRawBufferPointer(
            start: memory + layout.payloads + index * layout.stride,
            count: min(size, datagramMax))
        let form = unsafe (memory + layout.sources + index * MemoryLayout<sockaddr_in6>.stride)
            .assumingMemoryBound(to: sockaddr_in6.self)
        return unsafe Datagram(
            payload: payload, size: size,
            receivedAt: arrival.received_at != 0 ? arrival.received_at : now,
            source: Endpoint(form)?.address ?? IPAddress(high: 0, low: 0), dropped: nil)
    }
}
