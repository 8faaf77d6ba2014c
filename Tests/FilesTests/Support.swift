import Files
import Glibc

/// Lines as a sensor sends them; the same ones each time.
func sensorLines(_ count: Int) -> [UInt8] {
    var text = ""
    for number in 0..<count {
        text += "weather,station=s\(number * 7919 % 97) temperature=\(number * 31 % 400)i "
        text += "\(1_700_000_000_000_000_000 + number * 1_000_003)\n"
    }
    return Array(text.utf8)
}

/// Bytes in memory, in pieces of a chosen size, with reads that fail.
struct MemorySource: ByteSource {
    let name = "memory"
    let bytes: [UInt8]
    var piece = Int.max
    /// Reads, counted from 0, that fail instead of reading.
    var failures: Set<Int> = []
    private var position = 0
    private var reads = 0

    init(_ bytes: [UInt8], piece: Int = .max, failures: Set<Int> = []) {
        self.bytes = bytes
        self.piece = piece
        self.failures = failures
    }

    mutating func read(into output: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        defer { reads += 1 }
        if failures.contains(reads) { throw FileError("read", name, code: EIO) }
        let count = min(piece, output.count, bytes.count - position)
        output.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}

/// What came out of a stream.
struct Delivery: Equatable {
    var bytes: [UInt8] = []
    var ending: StreamEnding?
    var consumed = 0
    var errors = 0

    var fault: StreamFault? {
        if case .broken(let fault) = ending { fault } else { nil }
    }
}

/// Reads a stream to its end, over errors.
func deliver<Source: ByteSource & ~Copyable>(
    _ stream: consuming FileStream<Source>, output size: Int = 65_536
) -> Delivery {
    var delivery = Delivery()
    var piece = [UInt8](repeating: 0, count: size)
    while true {
        do {
            let count = try piece.withUnsafeMutableBytes { bytes throws(FileError) in
                try stream.read(into: bytes)
            }
            if count == 0 { break }
            delivery.bytes += piece[..<count]
        } catch {
            delivery.errors += 1
        }
    }
    delivery.ending = stream.ending
    delivery.consumed = stream.consumedBytes
    precondition(stream.producedBytes == delivery.bytes.count)
    return delivery
}

/// Reads a file that is in memory to its end.
func deliver(
    _ file: [UInt8], piece: Int = .max, output: Int = 65_536
) throws -> Delivery {
    deliver(try FileStream(MemorySource(file, piece: piece)), output: output)
}

/// A folder for one test, gone with it.
final class Folder {
    let path: String

    init() {
        var template = Array("/tmp/sluice-files-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }

    deinit {
        unlink(path + "/file")
        rmdir(path)
    }

    /// Opens a new file with this content, to read.
    func open(_ content: [UInt8]) -> Int32 {
        let descriptor = Glibc.open(path + "/file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(write(descriptor, content, content.count) == content.count)
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    /// Makes a pipe that other programs do not inherit: with a write end in one of them, the reader
    /// would never see the end.
    func makePipe(isNonblocking: Bool = false) -> (reader: Int32, writer: Int32) {
        precondition(mkfifo(path + "/file", 0o600) == 0)
        // Without O_NONBLOCK, each end's opening waits for the other.
        let reader = Glibc.open(path + "/file", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let writer = Glibc.open(path + "/file", O_WRONLY | O_CLOEXEC)
        precondition(reader >= 0 && writer >= 0)
        if !isNonblocking { precondition(fcntl(reader, F_SETFL, 0) == 0) }
        return (reader, writer)
    }
}
