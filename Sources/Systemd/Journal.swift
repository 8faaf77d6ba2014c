import Glibc
import Synchronization

/// The daemon's line to journald, in its native protocol.
///
/// Sending never waits: an entry that a full or absent journal does not take is counted and
/// gone. libsystemd's call would block there, and the daemon with it.
package final class Journal: Sendable {
    /// Longer values are cut; a rejected line may be as long as a datagram.
    static let valueLengthMax = 16 * 1024
    package static let standardSocket = "/run/systemd/journal/socket"

    private let address: UnixAddress
    private let sender: UnixSender
    private let lost = Atomic<Int>(0)

    /// - Parameter socket: where journald listens.
    /// - Returns: `nil` when no socket can be made.
    package init?(socket: String = Journal.standardSocket) {
        guard let address = UnixAddress(socket) else { return nil }
        guard let sender = UnixSender(flags: Int32(SOCK_NONBLOCK.rawValue)) else { return nil }
        self.address = address
        self.sender = sender
    }

    /// Whether journald is there; it may be restarted at any time, and comes back.
    package var isListening: Bool { UnixSender()?.canReach(address) ?? false }

    /// Sends one entry.
    ///
    /// - Parameter fields: upper-case names and their values, which may hold any bytes.
    /// - Returns: whether journald has it.
    @discardableResult
    package func send(_ fields: [(name: String, value: String)]) -> Bool {
        var bytes: [UInt8] = []
        for field in fields { append(field.name, field.value, to: &bytes) }
        let isSent = sender.send(bytes, to: address) == 0
        if !isSent { lost.add(1, ordering: .relaxed) }
        return isSent
    }

    /// How many entries journald did not take since this was last asked; starts again at zero.
    package func takeLostCount() -> Int {
        lost.exchange(0, ordering: .relaxed)
    }

    /// Counts entries as lost again, when the one that reported them was lost itself.
    package func putBackLostCount(_ count: Int) {
        lost.add(count, ordering: .relaxed)
    }
}

/// `NAME=value` for one line; `NAME`, the length in eight bytes and the value for more.
private func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    let text = value.utf8.prefix(Journal.valueLengthMax)
    bytes.append(contentsOf: name.utf8)
    if text.contains(UInt8(ascii: "\n")) {
        bytes.append(UInt8(ascii: "\n"))
        let length = UInt64(text.count)
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: length >> UInt64(shift)))
        }
    } else {
        bytes.append(UInt8(ascii: "="))
    }
    bytes.append(contentsOf: text)
    bytes.append(UInt8(ascii: "\n"))
}

/// Whether standard error goes to the journal, so that entries with fields find their reader.
///
/// Device and inode are compared and not only the variable: it is inherited by children whose
/// standard error has been sent elsewhere.
package func journalIsConnected(
    environment: EnvironmentLookup = processEnvironment, descriptor: Int32 = STDERR_FILENO
) -> Bool {
    guard let text = environment("JOURNAL_STREAM") else { return false }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]) else {
        return false
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return false }
    return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
}
