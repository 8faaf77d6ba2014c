import Glibc
import Ring
import Testing

@testable import Ingest

/// Several receivers that were killed together: each of their landings is looked at as the ring was.
@Suite final class LandingRecoveryTests {
    private let folder: TemporaryFolder
    private let socket: DatagramSocket
    private let sender: TestSender
    private let log = LogRecorder()
    private let ring: Ring

    init() throws {
        folder = try TemporaryFolder()
        socket = try DatagramSocket(bindingTo: loopback)
        sender = TestSender(to: socket.endpoint)
        ring = try Ring.open(
            RingConfiguration(
                path: "\(folder.path)/ring-0", capacity: 1 << 20, overflow: .dropNewest)
        ).ring
    }

    deinit {
        try? ring.close()
        for name in ["ring-0", "landing-0", "landing-1", "landing-2", "landing-9"] {
            unlink("\(folder.path)/\(name)")
        }
    }

    private var landings: Landings {
        let path = folder.path
        return Landings(environment: { $0 == "RUNTIME_DIRECTORY" ? path : nil }, logger: log.logger)
    }

    /// Leaves a file behind as a process that is killed would.
    private func leave(
        _ name: String, _ texts: [String], _ source: String, _ step: (Landing) -> Void
    ) throws {
        // The object removes its file at its end, and not another name of it.
        try land(name, texts, source, step)
        #expect(rename("\(folder.path)/kept", "\(folder.path)/\(name)") == 0)
    }

    private func land(
        _ name: String, _ texts: [String], _ source: String, _ step: (Landing) -> Void
    ) throws {
        let landing = try Landing(
            path: "\(folder.path)/\(name)", datagramMax: 100,
            origin: FrameOrigin(source: 0, attributes: 2), source: source)
        var batch = DatagramBatch(landing)
        for text in texts { sender.send(text) }
        try socket.receive(into: &batch)
        step(landing)
        #expect(link("\(folder.path)/\(name)", "\(folder.path)/kept") == 0)
    }

    private func recover(allow: [String] = []) throws -> UInt64 {
        let networks = allow.map { "\"\($0)\"" }.joined(separator: ",")
        let text = "[[udp]]\nname = \"tanks\"\nallow = [\(networks)]"
        return try landings.recover(
            parse(text).listeners, into: [ring], [ring], DropLedger())
    }

    private func frames() -> [String] {
        guard let pinned = ring.pin(byteLimit: 1 << 20) else { return [] }
        defer { ring.unpin() }
        var texts: [String] = []
        var walk = pinned.makeIterator()
        while let frame = walk.next() {
            texts.append(String(decoding: frame.payload, as: UTF8.self))
        }
        return texts
    }

    @Test func `each is judged by the ring as it was`() throws {
        let identity = ring.identity
        try leave("landing-0", ["a", "b"], "tanks") { $0.append(0b11) }
        // Noted, and killed before the ring had it.
        try leave("landing-1", ["c"], "others") {
            $0.append(1)
            $0.note(Publication(ring: identity, arrivals: 1, framesEver: 1))
        }
        try leave("landing-2", ["d"], "tanks") { _ in }
        #expect(try recover() == 4)
        #expect(frames() == ["a", "b", "c", "d"])
        let told = log.take()
        #expect(told.map { $0.event } == [.ringRecovered])
        #expect(told.first?.fields["datagrams"] == "4")
        #expect(try recover() == 0)
        #expect(ring.framesEver == 4)
    }

    @Test func `who may not send is not let in by a kill`() throws {
        try leave("landing-0", ["a"], "tanks") { _ in }
        #expect(try recover(allow: ["192.0.2.0/24"]) == 0)
        #expect(frames() == [])
    }

    @Test func `files that are none are removed, and others left alone`() throws {
        try folder.write("landing-9", "nonsense")
        try folder.write("control", "")
        #expect(try recover() == 0)
        #expect(access("\(folder.path)/landing-9", F_OK) != 0)
        #expect(access("\(folder.path)/control", F_OK) == 0)
    }

    @Test func `without a runtime directory there is nothing to find`() throws {
        let none = Landings(environment: { _ in nil }, logger: log.logger)
        #expect(try none.recover([], into: [ring], [ring], DropLedger()) == 0)
    }

    @Test func `receivers get files of their own, and memory where there is no room for one`() {
        let origin = FrameOrigin(source: 0, attributes: 0)
        let some = (0..<2).map { _ in landings.make(datagramMax: 9, origin: origin, source: "x") }
        for number in 0..<2 { #expect(access("\(folder.path)/landing-\(number)", F_OK) == 0) }
        withExtendedLifetime(some) {}
        let nowhere = Landings(
            environment: { $0 == "RUNTIME_DIRECTORY" ? "/nowhere" : nil }, logger: log.logger)
        _ = nowhere.make(datagramMax: 9, origin: origin, source: "x")
        let told = log.take()
        #expect(told.map { $0.event } == [.landingUnavailable])
        #expect(told.first?.fields["reason"] == "No such file or directory")
    }
}
