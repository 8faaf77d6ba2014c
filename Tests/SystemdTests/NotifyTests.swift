import Glibc
import Systemd
import TestSupport
import Testing

@Suite struct NotifyTests {
    private func notify(_ manager: FakeManager) -> Notify {
        Notify { $0 == "NOTIFY_SOCKET" ? manager.address : nil }
    }

    @Test(arguments: [false, true])
    func `the manager hears it at a path and at an abstract name`(isAbstract: Bool) throws {
        let manager = try FakeManager(isAbstract: isAbstract)
        #expect(notify(manager).isConnected)
        #expect(notify(manager).send(.ready))
        #expect(manager.nextText() == "READY=1")
    }

    @Test func `every notification has its line`() throws {
        let manager = try FakeManager()
        let notify = notify(manager)
        notify.send(.watchdog)
        #expect(manager.nextText() == "WATCHDOG=1")
        notify.send(.stopping)
        #expect(manager.nextText() == "STOPPING=1")
        notify.send(.status("5 rows/s"))
        #expect(manager.nextText() == "STATUS=5 rows/s")
        notify.send(.extendTimeout(.milliseconds(1500)))
        #expect(manager.nextText() == "EXTEND_TIMEOUT_USEC=1500000")
    }

    @Test func `several are one datagram`() throws {
        let manager = try FakeManager()
        notify(manager).send(.ready, .status("up"), .watchdog)
        #expect(manager.nextText() == "READY=1\nSTATUS=up\nWATCHDOG=1")
        #expect(manager.next() == nil)
    }

    @Test func `a reload tells when it began, in the same datagram`() throws {
        let manager = try FakeManager()
        var before = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        notify(manager).send(.reloading)
        let text = try #require(manager.nextText())
        let match = try #require(text.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=(\d+)/))
        let told = try #require(Int(match.1))
        #expect(told >= before.tv_sec * 1_000_000 + before.tv_nsec / 1000)
    }

    @Test func `a status cannot smuggle in another notification`() throws {
        let manager = try FakeManager()
        notify(manager).send(.status("a\nSTOPPING=1\r\u{0}b"))
        #expect(manager.nextText() == "STATUS=a STOPPING=1  b")
    }

    @Test func `an endless status is cut`() throws {
        let manager = try FakeManager()
        notify(manager).send(.status(String(repeating: "ä", count: 100_000)))
        #expect(manager.nextText() == "STATUS=" + String(repeating: "ä", count: 1000))
    }

    @Test func `without a manager nothing happens`() {
        let notify = Notify { _ in nil }
        #expect(!notify.isConnected)
        #expect(!notify.send(.ready))
    }

    @Test(arguments: ["relative", "@", "/", "/no/such/folder/socket", "vsock:2:1"])
    func `a manager that cannot be reached does no harm`(address: String) {
        #expect(!Notify { _ in address }.send(.ready))
    }

    @Test func `an address that is too long is none`() {
        #expect(!Notify { _ in "/" + String(repeating: "x", count: 200) }.isConnected)
    }
}
