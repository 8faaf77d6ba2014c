import Glibc
import Testing

@testable import Ring

/// A folder of its own in memory where possible, gone with the test.
final class Folder {
    let path: String

    init() {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/sluice-ring-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }

    deinit {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }

    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func file(_ name: String) -> String { path + "/" + name }
}

/// SplitMix64: small, and the same on every machine.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
        return Array(bytes.prefix(count))
    }
}

/// From the environment to replay a failure, else new; printed in either case.
func seed(_ what: String) -> UInt64 {
    let wanted = getenv("SLUICE_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = wanted ?? UInt64.random(in: 1...UInt64(UInt32.max))
    print("\(what): SLUICE_SEED=\(seed)")
    return seed
}

/// A frame taken out of the mapping.
struct Kept: Equatable {
    var info: FrameInfo
    var payload: [UInt8]

    init(_ info: FrameInfo, _ payload: [UInt8]) {
        self.info = info
        self.payload = payload
    }

    init(_ frame: Frame) {
        info = frame.info
        payload = Array(frame.payload)
    }
}

extension Ring {
    /// Appends copies; returns how many were dealt with, and what was lost.
    @discardableResult
    func append(
        _ frames: [Kept], overflow: Overflow? = nil
    ) -> (done: Int, lost: [(Loss.Reason, Int?, Kept)]) {
        let bytes = frames.flatMap(\.payload) + [0]
        var lost: [(Loss.Reason, Int?, Kept)] = []
        let done = bytes.withUnsafeBytes { all in
            var offset = 0
            var arrivals: [Arrival] = []
            for frame in frames {
                let part = UnsafeRawBufferPointer(
                    rebasing: all[offset..<offset + frame.payload.count])
                arrivals.append(Arrival(info: frame.info, payload: part))
                offset += frame.payload.count
            }
            return append(arrivals.span, overflow: overflow) { loss in
                lost.append((loss.reason, loss.index, Kept(loss.info, Array(loss.payload))))
            }
        }
        return (done, lost)
    }

    /// Everything that is in the ring.
    func contents() -> [Kept] {
        guard let pinned = pin(byteLimit: .max) else { return [] }
        defer { unpin() }
        return pinned.map { Kept($0) }
    }
}

func text(_ string: String, at time: Int64 = 0) -> Kept {
    Kept(FrameInfo(receivedAt: time, source: 0), Array(string.utf8))
}

func readFile(_ path: String) -> [UInt8] {
    let file = fopen(path, "r")!
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let length = ftell(file)
    rewind(file)
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
        count = fread(buffer.baseAddress, 1, length, file)
    }
}

/// Writes into the same file, so that it keeps its inode.
func writeFile(_ path: String, _ bytes: [UInt8]) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    ftruncate(descriptor, bytes.count)
    var done = 0
    while done < bytes.count {
        done += bytes.withUnsafeBytes {
            pwrite(descriptor, $0.baseAddress! + done, $0.count - done, done)
        }
    }
}

func openRing(
    _ path: String, capacity: Int = 4096, overflow: Overflow = .dropNewest, boot: UInt64 = 1
) throws(RingError) -> (ring: Ring, report: RecoveryReport) {
    var configuration = RingConfiguration(path: path, capacity: capacity, overflow: overflow)
    configuration.boot = boot
    return try Ring.open(configuration)
}

/// What an error says; fails the test when there is none.
func refusal<Value>(_ body: () throws(RingError) -> Value) -> String {
    do throws(RingError) {
        _ = try body()
        Issue.record("nothing was refused")
        return ""
    } catch {
        return error.description
    }
}

/// Compares without printing hundreds of kilobytes when it fails.
func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool { one == other }
