import Glibc
import Systemd
import Testing

@testable import Ingest

@Suite struct InheritedSocketTests {
    private func listeners(_ text: String) throws -> [Configuration.Listener] {
        try parse(text).listeners
    }

    private func opened(_ number: Int32, _ name: String) -> ListenDescriptor {
        ListenDescriptor(descriptor: number, name: name, kind: .datagram(.ipv4))
    }

    private let two = """
        [[udp]]
        name = "main"
        [[udp]]
        name = "tanks"
        listen = "127.0.0.1:8090"
        """

    @Test func `a listener gets all sockets of its name`() throws {
        var sockets = InheritedSockets([opened(3, "tanks"), opened(4, "main"), opened(5, "tanks")])
        let all = try listeners(two)
        #expect(sockets.take(for: all[1], isOnly: false).map(\.descriptor) == [3, 5])
        #expect(sockets.take(for: all[0], isOnly: false).map(\.descriptor) == [4])
        #expect(sockets.left == [])
    }

    @Test(arguments: [
        ("name = \"mine\"", [3, 4]),
        ("name = \"mine\"\nlisten = \"0.0.0.0:8089\"", [3, 4]),
        // It is to listen elsewhere: these are not meant.
        ("name = \"mine\"\nlisten = \"0.0.0.0:9000\"", []),
        ("name = \"mine\"\nlisten = \"127.0.0.1:8089\"", []),
        ("name = \"sluice.socket\"\nlisten = \"0.0.0.0:9000\"", [3, 4]),
    ])
    func `the only listener gets the only name's sockets, if they are where it is to be`(
        text: String, taken: [Int32]
    ) throws {
        let only = try listeners("[[udp]]\n\(text)")[0]
        var sockets = InheritedSockets([opened(3, "sluice.socket"), opened(4, "sluice.socket")])
        let found = sockets.take(for: only, isOnly: true) { _ in Endpoint("[::]:8089") }
        #expect(found.map(\.descriptor) == taken)
    }

    @Test func `names that differ are not guessed at`() throws {
        let only = try listeners("[[udp]]\nname = \"mine\"")[0]
        var others = InheritedSockets([opened(3, "a"), opened(4, "b")])
        #expect(others.take(for: only, isOnly: true) == [])
        #expect(others.left.map(\.name) == ["a", "b"])
    }

    @Test func `a stored socket goes back to the listener of its address`() throws {
        let all = try listeners(two)
        var sockets = InheritedSockets([opened(9, "stored-127.0.0.1_8090")])
        #expect(sockets.takeStored(for: all[0]) == nil)
        #expect(sockets.take(for: all[1], isOnly: false) == [])
        #expect(sockets.takeStored(for: all[1])?.descriptor == 9)
        #expect(sockets.takeStored(for: all[1]) == nil)
    }

    @Test func `a stored socket that nobody wants is closed and told`() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { close(ends[0]) }
        var sockets = InheritedSockets([opened(ends[1], "stored-127.0.0.1_1")])
        #expect(sockets.left == [])
        #expect(sockets.closeStored() == [StoredDescriptorName("127.0.0.1:1")])
        #expect(sockets.closeStored() == [])
        var byte: UInt8 = 0
        #expect(read(ends[0], &byte, 1) == 0)
    }

    @Test(arguments: [
        ("", ["main"], ["main"]),
        ("", ["main", "tanks", "main"], ["main", "tanks"]),
        ("", [], ["127.0.0.1:8089"]),
        ("[[udp]]\nprecision = \"ms\"", ["main"], ["main"]),
        ("[[udp]]\nname = \"mine\"", ["main"], ["mine"]),
        ("[[udp]]\nlisten = \"127.0.0.1:8089\"", ["main"], ["127.0.0.1:8089"]),
        ("[[files]]\npath = \"/a/*\"", ["main"], ["main"]),
        ("[[files]]\npath = \"/a/*\"", [], []),
    ])
    func `without a name of its own a listener is called like its socket`(
        text: String, sockets: [String], names: [String]
    ) throws {
        #expect(try parse(text).named(after: sockets).listeners.map(\.name) == names)
    }

    @Test(arguments: [
        ("[::]:8089", "0.0.0.0:8089", true), ("[::]:8089", "[::]:8089", true),
        ("[::]:8089", "0.0.0.0:8090", false), ("0.0.0.0:8089", "[::]:8089", false),
        ("[::]:8089", "127.0.0.1:8089", false), ("127.0.0.1:1", "127.0.0.1:1", true),
    ])
    func `a socket at all addresses of version 6 takes version 4 as well`(
        socket: String, configured: String, takes: Bool
    ) throws {
        let (one, other) = (try #require(Endpoint(socket)), try #require(Endpoint(configured)))
        #expect(one.takesAll(of: other) == takes)
    }

    @Test func `what the unnamed section says holds for each of them`() throws {
        let text = "[[udp]]\nprecision = \"ms\""
        let named = try parse(text).named(after: ["main", "tanks"]).listeners
        #expect(named.map(\.precision) == [.milliseconds, .milliseconds])
    }
}
