import Ingest
import Testing

@Suite struct ConfigurationReloadTests {
    @Test func `what a running daemon takes up needs no restart`() throws {
        let old = try parse("")
        let new = try parse(
            """
            [database]
            conninfo = "host=other"
            retry_max = "5s"
            [batch]
            rows = 10
            bytes = "1MiB"
            interval = "0s"
            drain = "1s"
            [[udp]]
            ahead_max = "1min"
            age_max = "24h"
            allow = ["10.0.0.0/8"]
            [[table]]
            name = "weather"
            [status]
            interval = "1min"
            [log]
            level = "debug"
            """)
        #expect(Configuration.changesNeedingRestart(from: old, to: new) == [])
        #expect(old.reloaded(with: new) == new)
    }

    @Test func `what it cannot take up is named with both values`() throws {
        let old = try parse("[[udp]]\nname = \"a\"\n[[udp]]\nname = \"b\"\nlisten = \":1\"")
        let new = try parse(
            """
            [ring]
            directory = "/srv"
            size = "1GiB"
            overflow = "drop-oldest"
            sync = "0s"
            lanes = 2
            [rejects]
            directory = "/srv/rejects"
            size = "1GiB"
            file_size = "1MiB"
            file_age = "1h"
            [log]
            format = "text"
            [[udp]]
            name = "a"
            listen = ":2"
            precision = "s"
            receive_buffer = "1MiB"
            datagram_max = "1KiB"
            allow = ["10.0.0.1"]
            [[udp]]
            name = "c"
            listen = ":3"
            """)
        #expect(
            Configuration.changesNeedingRestart(from: old, to: new) == [
                "ring.directory: /var/lib/sluice → /srv",
                "ring.size: 256MiB → 1GiB",
                "ring.overflow: drop-newest → drop-oldest",
                "ring.sync: 1s → 0s",
                "ring.lanes: 1 → 2",
                "rejects.directory: /var/lib/sluice/rejects → /srv/rejects",
                "rejects.size: 256MiB → 1GiB",
                "rejects.file_size: 8MiB → 1MiB",
                "rejects.file_age: 24h → 1h",
                "log.format: auto → text",
                "udp \"a\": listen: 127.0.0.1:8089 → 127.0.0.1:2",
                "udp \"a\": precision: ns → s",
                "udp \"a\": receive_buffer: 4MiB → 1MiB",
                "udp \"a\": datagram_max: 64KiB → 1KiB",
                "udp \"b\": removed",
                "udp \"c\": added",
            ])
        let running = old.reloaded(with: new)
        #expect(running.ring == old.ring)
        #expect(running.rejects == old.rejects)
        #expect(running.log.format == .auto)
        #expect(running.listeners.map(\.name) == ["a", "b"])
        #expect(running.listeners[0].listen == old.listeners[0].listen)
        #expect(running.listeners[0].allow == new.listeners[0].allow)
    }

    @Test func `the same configuration changes nothing`() throws {
        #expect(try Configuration.changesNeedingRestart(from: parse(""), to: parse("")) == [])
    }
}
