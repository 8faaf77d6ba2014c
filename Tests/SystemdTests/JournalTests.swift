import Glibc
import Systemd
import TestSupport
import Testing

@Suite struct JournalTests {
    @Test func `an entry is a line for each field`() throws {
        let manager = try FakeManager()
        let journal = try #require(Journal(socket: manager.address))
        #expect(journal.send([("MESSAGE", "hello = there"), ("PRIORITY", "6"), ("EMPTY", "")]))
        #expect(manager.nextText() == "MESSAGE=hello = there\nPRIORITY=6\nEMPTY=\n")
    }

    @Test func `a value of several lines goes with its length`() throws {
        let manager = try FakeManager()
        let journal = try #require(Journal(socket: manager.address))
        journal.send([("MESSAGE", "a\nPRIORITY=0"), ("PRIORITY", "6")])
        let length: [UInt8] = [12, 0, 0, 0, 0, 0, 0, 0]
        let expected =
            Array("MESSAGE\n".utf8) + length + Array("a\nPRIORITY=0\nPRIORITY=6\n".utf8)
        #expect(manager.next() == expected)
    }

    @Test func `an endless value is cut`() throws {
        let manager = try FakeManager()
        let journal = try #require(Journal(socket: manager.address))
        #expect(journal.send([("MESSAGE", String(repeating: "x", count: 1 << 20))]))
        #expect(manager.next()?.count == 16_384 + "MESSAGE=\n".utf8.count)
    }

    @Test func `a full journal never blocks, and what it did not take is counted`() throws {
        let manager = try FakeManager()
        let journal = try #require(Journal(socket: manager.address))
        let entry = String(repeating: "x", count: 10_000)
        var sent = 0
        while journal.send([("MESSAGE", entry)]) { sent += 1 }
        #expect(sent > 0)
        journal.send([("MESSAGE", "one more")])
        #expect(journal.takeLostCount() == 2)
        #expect(journal.takeLostCount() == 0)
        while manager.next() != nil {}
        #expect(journal.send([("MESSAGE", "again")]))
        #expect(manager.nextText() == "MESSAGE=again\n")
    }

    @Test func `an absent journal is counted too`() throws {
        let journal = try #require(Journal(socket: "/no/such/socket"))
        #expect(!journal.send([("MESSAGE", "x")]))
        #expect(journal.takeLostCount() == 1)
    }

    @Test func `the journal is connected when the descriptor is its stream`() throws {
        var status = stat()
        let descriptor = open("/dev/null", O_WRONLY)
        defer { close(descriptor) }
        try #require(fstat(descriptor, &status) == 0)
        let right = "\(status.st_dev):\(status.st_ino)"
        let wrong = "\(status.st_dev):\(status.st_ino + 1)"
        #expect(journalIsConnected(environment: { _ in right }, descriptor: descriptor))
        #expect(!journalIsConnected(environment: { _ in wrong }, descriptor: descriptor))
        for text in ["", ":", "1", "a:b", "\(right):1"] {
            #expect(!journalIsConnected(environment: { _ in text }, descriptor: descriptor))
        }
        #expect(!journalIsConnected(environment: { _ in nil }, descriptor: descriptor))
        #expect(!journalIsConnected(environment: { _ in right }, descriptor: -1))
    }
}
