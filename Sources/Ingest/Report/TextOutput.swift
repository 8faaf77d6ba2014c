import Glibc
import Threads

/// A descriptor that takes lines of text. A line that it does not take at once is counted and gone:
/// whoever reads a pipe may have stopped reading.
final class TextOutput: LossyOutput {
    /// A pipe with room takes so much without waiting for its reader.
    static let lineBytesMax = 4_096

    private let descriptor: Int32
    /// Held from the look to the write, so that no other thread takes the room between them.
    private let lost = Lock(0)

    /// - Parameter descriptor: it stays the caller's.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes one line, cut where it is longer than a line may be.
    ///
    /// - Returns: whether it was taken.
    @discardableResult
    func write(_ line: String) -> Bool {
        let bytes = Self.cut(Array(line.utf8))
        return lost.withLock { lost in
            if hasRoom() && write(bytes) { return true }
            lost += 1
            return false
        }
    }

    private static func cut(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count > lineBytesMax else { return bytes }
        var end = lineBytesMax - 1
        while end > 0, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return bytes[..<end] + [UInt8(ascii: "\n")]
    }

    func takeLostCount() -> Int {
        lost.withLock { lost in
            defer { lost = 0 }
            return lost
        }
    }

    func putBackLostCount(_ count: Int) {
        lost.withLock { $0 += count }
    }

    /// Whether a write would not wait.
    private func hasRoom() -> Bool {
        var look = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let count = unsafe poll(&look, 1, 0)
            if count < 0 && errno == EINTR { continue }
            return count == 1
        }
    }

    /// One call for the line, so that lines of several threads and processes do not mix.
    private func write(_ bytes: [UInt8]) -> Bool {
        while true {
            let count = unsafe Glibc.write(descriptor, bytes, bytes.count)
            if count < 0 && errno == EINTR { continue }
            return count == bytes.count
        }
    }
}
