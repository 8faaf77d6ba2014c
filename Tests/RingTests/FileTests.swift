import Glibc
import Testing

@testable import Ring

@Suite struct FileTests {
    let folder = Folder()
    var path: String { folder.file("ring") }

    @Test func `a new ring has its full size at once and is for its owner only`() throws {
        let (ring, _) = try openRing(path, capacity: 100_000)
        var status = stat()
        stat(path, &status)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(Int(status.st_size) == Ring.fileBytes(capacity: 102_400))
        #expect(Int(status.st_blocks) * 512 >= Int(status.st_size))
        #expect(folder.names == ["ring"])
        #expect(ring.capacity == 102_400)
    }

    @Test func `wider permissions are taken back`() throws {
        _ = try openRing(path)
        chmod(path, 0o666)
        _ = try openRing(path)
        var status = stat()
        stat(path, &status)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `a second opener is told who has the ring`() throws {
        let (ring, _) = try openRing(path)
        let message = refusal { () throws(RingError) in try openRing(path) }
        #expect(message.contains(path) && message.contains("process \(getpid())"))
        try ring.close()
        _ = try openRing(path)
    }

    @Test func `a full disk is an error and leaves nothing behind`() {
        let message = refusal { () throws(RingError) in
            try openRing(path, capacity: RingLimits.capacityMax)
        }
        #expect(message.contains("no room"))
        #expect(folder.names.isEmpty)
    }

    @Test func `an existing ring keeps its size`() throws {
        try openRing(path, capacity: 8192).ring.close()
        let (ring, report) = try openRing(path, capacity: 4096)
        #expect(report.capacity == 8192 && ring.capacity == 8192)
    }

    @Test func `a size without sense is refused`() {
        for capacity in [0, -1, 4095, RingLimits.capacityMax + 1, .min, .max] {
            #expect(
                refusal { () throws(RingError) in try openRing(path, capacity: capacity) }
                    .contains("outside"))
        }
    }

    @Test func `other files are refused and left as they are`() throws {
        var dice = Dice(state: 3)
        let contents = [
            [], Array("hello".utf8), dice.bytes(5000), dice.bytes(300_000),
            [UInt8](repeating: 0, count: 300_000),
        ]
        for bytes in contents {
            writeFile(path, bytes)
            #expect(refusal { () throws(RingError) in try openRing(path) }.contains("not a ring"))
            #expect(isSame(readFile(path), bytes))
        }
        unlink(path)
        symlink("/dev/zero", path)
        #expect(refusal { () throws(RingError) in try openRing(path) }.contains("symbolic link"))
        unlink(path)
        mkfifo(path, 0o600)
        #expect(refusal { () throws(RingError) in try openRing(path) }.contains("regular file"))
        let directory = refusal { () throws(RingError) in try openRing(folder.path) }
        #expect(directory.contains("directory"))
        let nowhere = refusal { () throws(RingError) in try openRing(folder.file("no/ring")) }
        #expect(nowhere.contains("open failed"))
    }

    @Test func `another version is refused and left as it is`() throws {
        try openRing(path).ring.close()
        var bytes = readFile(path)
        for offset in Layout.superblockOffsets {
            bytes[offset + 8] = 2
            var block = Array(bytes[offset..<offset + 512])
            let check = block.withUnsafeMutableBytes {
                Region(base: $0.baseAddress!, count: 512).checksum(0, 508)
            }
            withUnsafeBytes(of: check) {
                bytes.replaceSubrange(offset + 508..<offset + 512, with: $0)
            }
        }
        writeFile(path, bytes)
        #expect(refusal { () throws(RingError) in try openRing(path) }.contains("version 2"))
        #expect(isSame(readFile(path), bytes))
    }

    @Test func `a longer file is refused and left as it is`() throws {
        try openRing(path).ring.close()
        let bytes = readFile(path) + [1]
        writeFile(path, bytes)
        #expect(refusal { () throws(RingError) in try openRing(path) }.contains("its header says"))
        #expect(isSame(readFile(path), bytes))
    }

    @Test func `what an interrupted attempt left is removed by the next start`() throws {
        try openRing(path).ring.close()
        writeFile(path + ".creating", Array("half a ring".utf8))
        _ = try openRing(path)
        #expect(folder.names == ["ring"])
    }

    @Test func `an interrupted creation is begun again`() throws {
        writeFile(path + ".creating", Array("half a ring".utf8))
        _ = try openRing(path)
        #expect(folder.names == ["ring"])
    }

    @Test func `a look at the file changes nothing and works beside a daemon`() throws {
        let (ring, _) = try openRing(path)
        _ = try ring.register(source: "north")
        ring.append([text("one", at: 1), text("two", at: 2)])
        let bytes = readFile(path)
        let live = try Ring.inspect(path: path)
        #expect(live.holder == getpid() && live.frameCount == 2 && !live.isClean)
        #expect(live.oldestReceivedAt == 1 && live.newestReceivedAt == 2)
        #expect(live.sources == [0: "north"] && live.identity == ring.identity)
        #expect(isSame(readFile(path), bytes))
        try ring.close()
        let closed = try Ring.inspect(path: path)
        #expect(closed.holder == nil && closed.isClean && closed.head == 80)
        #expect(
            refusal { () throws(RingError) in try Ring.inspect(path: path + "x") }
                .contains("No such file"))
    }
}
