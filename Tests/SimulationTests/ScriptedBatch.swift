@testable import Ingest

/// Datagrams as if the kernel had handed them over.
struct ScriptedBatch: DatagramList {
    struct Entry {
        var payload: [UInt8]
        /// As sent, when not all of it is there.
        var size: Int
        var isStranger = false
        /// The socket's drop counter.
        var dropped: UInt32?
    }

    private let entries: [Entry]
    private let bytes: UnsafeRawBufferPointer
    private let offsets: [Int]

    /// Strangers come from here.
    static let stranger = IPAddress("192.0.2.1")!
    /// All others from here.
    static let friend = IPAddress("127.0.0.1")!

    /// Lends the batch to `body`; its bytes are there only meanwhile.
    static func with<Answer>(_ entries: [Entry], _ body: (ScriptedBatch) -> Answer) -> Answer {
        var offsets: [Int] = []
        var all: [UInt8] = []
        for entry in entries {
            offsets.append(all.count)
            all += entry.payload
        }
        return all.withUnsafeBytes {
            body(ScriptedBatch(entries: entries, bytes: $0, offsets: offsets))
        }
    }

    var count: Int { entries.count }

    func datagram(at index: Int, now: Int64) -> Datagram {
        let entry = entries[index]
        let start = offsets[index]
        return Datagram(
            payload: UnsafeRawBufferPointer(rebasing: bytes[start..<start + entry.payload.count]),
            size: entry.size, receivedAt: now,
            source: entry.isStranger ? Self.stranger : Self.friend, dropped: entry.dropped)
    }
}
