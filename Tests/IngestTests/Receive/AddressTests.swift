import Testing

@testable import Ingest

@Suite struct AddressTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"), ("2001:db8::1/32", "2001:db8::/32"),
        ("::1", "::1/128"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("fe80::/64", "fe80::/64"),
    ])
    func `a network is read and written`(text: String, expected: String) {
        #expect(Network(text)?.description == expected)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0/8",
        "::/129", "[::1]", "example.org", "10.0.0.0/99999999999999999999", "fe80::1%lo", " ::1",
    ])
    func `what is no network is refused`(text: String) {
        #expect(Network(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("192.0.2.128/25", "192.0.2.127", false),
        ("192.0.2.128/25", "192.0.2.129", true), ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "2001:db8::1", true),
        ("::/0", "203.0.113.9", false), ("2001:db8::/65", "2001:db8:0:0:7fff::", true),
        ("2001:db8::/65", "2001:db8:0:0:8000::", false), ("2001:db8::/64", "2001:db8::ff", true),
        ("2001:db8::/63", "2001:db8:0:2::", false), ("::1", "::1", true), ("::1", "::2", false),
    ])
    func `a network contains its own addresses`(network: String, address: String, expected: Bool) {
        #expect(Network(network)!.contains(IPAddress(address)!) == expected)
    }

    @Test func `an empty filter allows all, a filled one only its networks`() {
        let address = IPAddress("192.0.2.1")!
        #expect(AddressFilter().allows(address))
        let networks = ["10.0.0.0/8", "192.0.2.0/24"].map { Network($0)! }
        #expect(AddressFilter(networks: networks).allows(address))
        #expect(!AddressFilter(networks: [networks[0]]).allows(address))
    }

    @Test(arguments: [
        ("127.0.0.1:8089", "127.0.0.1:8089"), ("127.0.0.1", "127.0.0.1:8089"),
        ("[::1]:0", "[::1]:0"), ("[::1]", "[::1]:8089"), ("::1", "[::1]:8089"),
        ("0.0.0.0:65535", "0.0.0.0:65535"),
    ])
    func `an endpoint is read and written`(text: String, expected: String) {
        #expect(Endpoint(text)?.description == expected)
    }

    @Test(arguments: [
        "", ":8089", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "[::1",
        "[127.0.0.1]:8089", "localhost:8089", "::1]:8089", "127.0.0.1:80:89",
    ])
    func `what is no endpoint is refused`(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test func `the drop counter wraps and never runs backwards`() {
        var counter = DropCounter(start: UInt32.max - 1)
        #expect(counter.growth(to: UInt32.max - 1) == 0)
        #expect(counter.growth(to: UInt32.max) == 1)
        #expect(counter.growth(to: 9) == 10)
        // An older reading that comes late.
        #expect(counter.growth(to: UInt32.max) == 0)
        #expect(counter.growth(to: 10) == 1)
    }

    @Test func `the memory of a batch is known beforehand`() {
        let size = DatagramBatch.byteCount(datagramMax: ReceiveLimits.datagramMax)
        #expect((64 * 65_527...64 * 66_000).contains(size))
    }
}
