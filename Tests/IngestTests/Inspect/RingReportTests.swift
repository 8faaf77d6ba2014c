import Glibc
import Ring
import Testing

@testable import Ingest

/// What `sluice ring show` and `verify` say.
@Suite struct RingReportTests {
    /// A ring with three frames of two sources.
    private func makeRing(_ folder: TemporaryFolder) throws -> (path: String, identity: String) {
        try folder.write("ring-0", "")
        try folder.remove("ring-0")
        let path = folder.path + "/ring-0"
        let (ring, _) = try Ring.open(
            RingConfiguration(path: path, capacity: 8192, overflow: .dropNewest))
        for name in ["north", "a \"quoted\" one"] { _ = try ring.register(source: name) }
        let payload = Array("m f=1".utf8)
        payload.withUnsafeBytes { bytes in
            let arrivals = [(UInt16(0), Int64(10)), (1, 20), (0, 30)].map { source, second in
                Arrival(
                    info: FrameInfo(receivedAt: second * 1_000_000_000, source: source),
                    payload: bytes)
            }
            ring.append(arrivals.span) { _ in }
        }
        try ring.close()
        return (path, "\(ring.identity)")
    }

    private func report(_ path: String) throws -> RingReport {
        RingReport(path: path, ring: try Ring.inspect(path: path), now: 100_500_000_000)
    }

    private func contents(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        return [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
            count = fread(buffer.baseAddress, 1, buffer.count, file)
        }
    }

    @Test func `show prints what waits, from whom and since when`() throws {
        let folder = try TemporaryFolder()
        let (path, identity) = try makeRing(folder)
        #expect(
            try report(path).lines == [
                path,
                "  size       8KiB for readings, 1.5 % taken",
                "  datagrams  3 with 15 bytes",
                "  oldest     1970-01-01T00:00:10.000Z, 90 s ago",
                "  newest     1970-01-01T00:00:30.000Z, 70 s ago",
                "  positions  tail 0, head 120, confirmed by the database 0",
                "  identity   \(identity)",
                "  state      closed in order",
                "  from       north: 2 datagrams with 10 bytes",
                "  from       a \"quoted\" one: 1 datagrams with 5 bytes",
                "  damage     none",
            ])
    }

    @Test func `show prints the same as JSON, whatever the names are`() throws {
        let folder = try TemporaryFolder()
        let (path, identity) = try makeRing(folder)
        let json = try report(path).json
        #expect(json.hasPrefix("{\"path\":\"\(path)\",\"identity\":\"\(identity)\","))
        #expect(json.contains("\"capacity\":8192,\"used_bytes\":120,\"fill_percent\":1.5,"))
        #expect(json.contains("\"oldest_at\":\"1970-01-01T00:00:10.000Z\""))
        #expect(json.contains("\"oldest_age_seconds\":90,"))
        #expect(json.contains("{\"name\":\"a \\\"quoted\\\" one\",\"datagrams\":1,"))
        #expect(json.hasSuffix("\"is_sound\":true,\"missing\":0,\"damages\":[]}"))
        #expect(!json.contains("\n"))
    }

    @Test func `verify names each damage with its place`() throws {
        let folder = try TemporaryFolder()
        let (path, _) = try makeRing(folder)
        var bytes = try contents(path)
        bytes[262_144 + 40 + 32] ^= 1
        try folder.write("ring-0", bytes: bytes)
        // The same file, closed in order: nothing may be missing.
        let report = try report(path)
        #expect(
            report.problems == [
                "\(path): position 40, file offset 262184, 40 bytes: one datagram of a \"quoted\" one",
                "\(path): 1 datagrams are missing that were in the ring",
            ])
        #expect(!report.isSound && report.verdict == "\(path): damaged, 2 whole datagrams are left")
        #expect(report.json.contains("\"kind\":\"payload\""))
    }

    @Test func `what is no ring is told from what is a broken one`() throws {
        let folder = try TemporaryFolder()
        let (path, _) = try makeRing(folder)
        let bytes = try contents(path)
        let cases: [([UInt8], Int32)] = [
            (Array("hello".utf8), 66), (Array(bytes.dropLast(4096)), 65), (bytes + [0], 65),
        ]
        for (content, code) in cases {
            try folder.write("ring-0", bytes: content)
            #expect(throws: RingCommandError.self) { try RingReport(path: path) }
            do { _ = try RingReport(path: path) } catch { #expect(error.exitCode == code) }
        }
    }

    @Test func `a size is one that a ring can have`() {
        #expect(RingFiles.size("512MiB") == 512 << 20)
        for text in ["", "1", "x", "12", "8192TiB"] { #expect(RingFiles.size(text) == nil) }
    }

    @Test func `without names the configured rings are meant, and those that are left over`() throws
    {
        let folder = try TemporaryFolder()
        for name in ["ring-7", "ring-x", "ring-01", "ring-0.creating"] {
            try folder.write(name, "")
        }
        let (_, _) = try makeRing(folder)
        var configuration = try parse("")
        configuration.ring.directory = folder.path
        configuration.ring.lanes = 2
        let names = RingFiles.paths(configuration).map { $0.dropFirst(folder.path.count + 1) }
        #expect(names == ["ring-0", "ring-1", "ring-7"])
    }
}
