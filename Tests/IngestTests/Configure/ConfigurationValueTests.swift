import Ingest
import Testing

@Suite struct ConfigurationValueTests {
    @Test func `every key is taken from the file`() throws {
        let configuration = try parse(
            """
            [database]
            conninfo = "host=db dbname=readings"
            connect_timeout = "3s"
            retry_min = "1s"
            retry_max = "1min"
            [ring]
            directory = "/srv/ring"
            size = "2GiB"
            overflow = "drop-oldest"
            sync = "0s"
            lanes = 4
            [batch]
            rows = 1000
            bytes = 131072
            interval = "0s"
            drain = "2min"
            [[udp]]
            listen = "[::]:9000"
            name = "field"
            precision = "ms"
            receive_buffer = "8MiB"
            datagram_max = "2KiB"
            ahead_max = "0s"
            age_max = "720h"
            allow = ["10.0.0.0/8", "fd00::/8", "192.168.1.7"]
            [[udp]]
            listen = ":0"
            [[table]]
            name = "weather"
            measurement = ["wind", "rain"]
            time = "at"
            columns = ["at", "speed"]
            duplicates = "replace"
            [rejects]
            directory = "/srv/rejects"
            size = "16MiB"
            file_size = "64KiB"
            file_age = "1min"
            [status]
            interval = "1h"
            [log]
            level = "debug"
            format = "text"
            """)
        #expect(configuration.database.connectionText == "host=db dbname=readings")
        #expect(configuration.database.connectTimeout == .seconds(3))
        #expect(configuration.database.retryMin == .seconds(1))
        #expect(configuration.database.retryMax == .seconds(60))
        #expect(configuration.ring.directory == "/srv/ring")
        #expect(configuration.ring.size == 2 << 30)
        #expect(configuration.ring.overflow == .dropOldest)
        #expect(configuration.ring.sync == .zero)
        #expect(configuration.ring.lanes == 4)
        #expect(configuration.batch.rows == 1000)
        #expect(configuration.batch.bytes == 131_072)
        #expect(configuration.batch.interval == .zero)
        #expect(configuration.batch.drain == .seconds(120))
        #expect(configuration.listeners.map(\.name) == ["field", ":0"])
        #expect(configuration.listeners[0].precision == .milliseconds)
        #expect(configuration.listeners[0].receiveBuffer == 8 << 20)
        #expect(configuration.listeners[0].datagramMax == 2 << 10)
        #expect(
            configuration.listeners[0].allow.map(\.description)
                == ["10.0.0.0/8", "fd00::/8", "192.168.1.7/32"])
        #expect(configuration.listeners[0].aheadMax == .zero)
        #expect(configuration.listeners[0].ageMax == .seconds(720 * 3600))
        #expect(configuration.listeners[1].listen.port == 0)
        #expect(configuration.tables[0].measurements == ["wind", "rain"])
        #expect(configuration.tables[0].duplicates == .replace)
        #expect(configuration.tables[0].timeColumn == "at")
        #expect(configuration.tables[0].columns == ["at", "speed"])
        #expect(configuration.rejects.directory == "/srv/rejects")
        #expect(configuration.rejects.size == 16 << 20)
        #expect(configuration.rejects.fileSize == 64 << 10)
        #expect(configuration.rejects.fileAge == .seconds(60))
        #expect(configuration.status.interval == .seconds(3600))
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.format == .text)
    }

    @Test(arguments: [
        ("0.0.0.0:8089", "0.0.0.0:8089"), ("192.168.1.1", "192.168.1.1:8089"),
        ("[::1]:90", "[::1]:90"), ("[fe80::1]", "[fe80::1]:8089"), ("::1", "[::1]:8089"),
        (":90", "127.0.0.1:90"), (":0", "127.0.0.1:0"), ("[::]:65535", "[::]:65535"),
    ])
    func `an address to listen at has several forms`(text: String, meaning: String) throws {
        let listeners = try parse("[[udp]]\nlisten = \"\(text)\"").listeners
        #expect(listeners.map(\.listen.description) == [meaning])
        #expect(listeners.map(\.name) == [text])
    }

    @Test(arguments: [
        "", ":", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "localhost:1",
        "[127.0.0.1]:1", "[::1", "[::1]1", "[]:1", "127.0.0:1", "::1:8089x", "[::1]:", "a:b:c",
        "127.0.0.1 :1", "[fe80::1%eth0]:1",
    ])
    func `what is not an address is refused`(text: String) {
        let lines = problems("[[udp]]\nlisten = \"\(text)\"\nname = \"x\"")
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("sluice.toml:2: udp.listen = ") == true)
    }

    @Test(arguments: ["0", "\"0B\""])
    func `nothing of what is refused need be kept`(size: String) throws {
        #expect(try parse("[rejects]\nsize = \(size)").rejects.size == 0)
    }

    @Test(
        arguments: [
            ("weather", nil, "weather"), ("public.weather", "public", "weather"),
            ("\"a.b\".c", "a.b", "c"), ("\"say \"\"hi\"\"\"", nil, "say \"hi\""),
            ("Weather", nil, "Weather"),
        ] as [(String, String?, String)])
    func `a table's name is read with its schema`(text: String, schema: String?, table: String) {
        #expect(TableName(text) == TableName(schema: schema, table: table))
        #expect(TableName(text)?.description == text)
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", String(repeating: "x", count: 64),
    ])
    func `what is not a table's name is refused`(text: String) {
        #expect(TableName(text) == nil)
    }
}
