import Glibc
import Systemd
import Testing

@Suite struct ListenDescriptorTests {
    /// Opens descriptors that follow one another, high up where no other test has any, and closes
    /// them afterwards.
    private func withDescriptors(
        _ open: [() -> Int32], at first: Int32, _ body: () throws -> Void
    ) rethrows {
        for (index, open) in open.enumerated() {
            let descriptor = open()
            dup2(descriptor, first + Int32(index))
            close(descriptor)
        }
        defer { for index in open.indices { close(first + Int32(index)) } }
        try body()
    }

    private func environment(_ names: String?, count: String) -> EnvironmentLookup {
        { ["LISTEN_PID": "42", "LISTEN_FDS": count, "LISTEN_FDNAMES": names][$0] ?? nil }
    }

    private func udp(_ family: Int32) -> () -> Int32 {
        { socket(family, Int32(SOCK_DGRAM.rawValue), 0) }
    }

    @Test func `each has its number, name and kind`() throws {
        let stream = { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) }
        let file = { open("/dev/null", O_RDONLY) }
        withDescriptors([udp(AF_INET), udp(AF_INET6), stream, file], at: 900) {
            let found = listenDescriptors(
                environment: environment("field:field:control:", count: "4"), processID: 42,
                first: 900)
            #expect(found.map(\.descriptor) == [900, 901, 902, 903])
            #expect(found.map(\.name) == ["field", "field", "control", "unknown"])
            #expect(
                found.map(\.kind) == [
                    .datagram(.ipv4), .datagram(.ipv6), .stream(.unix), .other,
                ])
        }
    }

    @Test func `children do not inherit them`() throws {
        withDescriptors([udp(AF_INET)], at: 910) {
            #expect(fcntl(910, F_GETFD) & FD_CLOEXEC == 0)
            _ = listenDescriptors(
                environment: environment(nil, count: "1"), processID: 42, first: 910)
            #expect(fcntl(910, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
        }
    }

    @Test func `those of another process are left alone`() {
        withDescriptors([udp(AF_INET)], at: 920) {
            let found = listenDescriptors(
                environment: environment(nil, count: "1"), processID: 43, first: 920)
            #expect(found == [])
            #expect(fcntl(920, F_GETFD) & FD_CLOEXEC == 0)
        }
    }

    @Test(arguments: ["0", "-1", "many", "", "99999999"])
    func `a count that makes no sense is none`(count: String) {
        let found = listenDescriptors(
            environment: environment(nil, count: count), processID: 42, first: 930)
        #expect(found == [])
    }

    @Test func `without a manager there are none`() {
        #expect(listenDescriptors(environment: { _ in nil }) == [])
    }
}
