import Glibc
import Systemd
import TestSupport
import Testing

@Suite struct StoredDescriptorTests {
    @Test func `the manager gets a copy of the descriptor under its name`() throws {
        let manager = try FakeManager()
        let notify = Notify { $0 == "NOTIFY_SOCKET" ? manager.address : nil }
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(notify.store(ends[1], as: StoredDescriptorName("127.0.0.1:8089")))
        let (text, copy) = try #require(manager.nextWithDescriptor())
        defer { close(copy) }
        #expect(text == "FDSTORE=1\nFDNAME=stored-127.0.0.1_8089\nFDPOLL=0")
        // It leads to the same pipe.
        #expect(write(copy, "x", 1) == 1)
        var byte: UInt8 = 0
        #expect(read(ends[0], &byte, 1) == 1)
    }

    @Test func `the manager is told to forget it by the same name`() throws {
        let manager = try FakeManager()
        let notify = Notify { $0 == "NOTIFY_SOCKET" ? manager.address : nil }
        notify.send(.forgetDescriptor(StoredDescriptorName("[::1]:1")))
        #expect(manager.nextText() == "FDSTOREREMOVE=1\nFDNAME=stored-[__1]_1")
    }

    @Test(arguments: ["ä b\n:", String(repeating: "x", count: 300)])
    func `a name is what the manager takes`(name: String) throws {
        let manager = try FakeManager()
        let notify = Notify { $0 == "NOTIFY_SOCKET" ? manager.address : nil }
        notify.send(.forgetDescriptor(StoredDescriptorName(name)))
        let text = try #require(manager.nextText())
        let told = try #require(text.split(separator: "FDNAME=").last)
        #expect(told.utf8.count <= 255)
        #expect(told.utf8.allSatisfy { (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: ":") })
    }

    @Test func `what was stored is told from what a socket unit opened`() {
        let stored = ListenDescriptor(descriptor: 3, name: "stored-127.0.0.1_8089", kind: .other)
        let opened = ListenDescriptor(descriptor: 4, name: "main", kind: .other)
        #expect(stored.storedName == StoredDescriptorName("127.0.0.1:8089"))
        #expect(opened.storedName == nil)
    }
}
