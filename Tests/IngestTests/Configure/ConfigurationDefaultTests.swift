import Ingest
import Testing

@Suite struct ConfigurationDefaultTests {
    @Test func `an empty file is every default`() throws {
        let configuration = try parse("")
        #expect(configuration.database.connectionText == "")
        #expect(configuration.database.connectTimeout == .seconds(10))
        #expect(configuration.database.retryMin == .milliseconds(100))
        #expect(configuration.database.retryMax == .seconds(30))
        #expect(configuration.database.passwordFile == nil)
        #expect(configuration.ring.directory == "/var/lib/sluice")
        #expect(configuration.ring.size == 256 << 20)
        #expect(configuration.ring.overflow == .dropNewest)
        #expect(configuration.ring.sync == .seconds(1))
        #expect(configuration.ring.lanes == 1)
        #expect(configuration.batch.rows == 50_000)
        #expect(configuration.batch.bytes == 16 << 20)
        #expect(configuration.batch.interval == .milliseconds(20))
        #expect(configuration.batch.drain == .seconds(10))
        #expect(configuration.tables == [])
        #expect(configuration.rejects.directory == "/var/lib/sluice/rejects")
        #expect(configuration.rejects.size == 256 << 20)
        #expect(configuration.rejects.fileSize == 8 << 20)
        #expect(configuration.rejects.fileAge == .seconds(24 * 3600))
        #expect(configuration.status.interval == .seconds(10))
        #expect(configuration.log.level == .info)
        #expect(configuration.log.format == .auto)
    }

    @Test func `without a listener there is one on the loopback address`() throws {
        let listeners = try parse("").listeners
        try #require(listeners.count == 1)
        #expect(listeners[0].listen.description == "127.0.0.1:8089")
        #expect(listeners[0].name == "127.0.0.1:8089")
        #expect(listeners[0].precision == .nanoseconds)
        #expect(listeners[0].receiveBuffer == 4 << 20)
        #expect(listeners[0].datagramMax == 64 << 10)
        #expect(listeners[0].aheadMax == .seconds(600))
        #expect(listeners[0].ageMax == .zero)
        #expect(listeners[0].allow == [])
    }

    @Test func `a listener with nothing said is the default one`() throws {
        #expect(try parse("[[udp]]").listeners == parse("").listeners)
    }

    @Test func `the ring is in the first state directory of the unit`() throws {
        let environment = ["STATE_DIRECTORY": "/var/lib/one:/var/lib/two"]
        #expect(try parse("", environment: environment).ring.directory == "/var/lib/one")
        let text = "[ring]\ndirectory = \"/srv/ring\""
        #expect(try parse(text, environment: environment).ring.directory == "/srv/ring")
    }

    @Test func `rejects are beside the ring, wherever that is`() throws {
        let environment = ["STATE_DIRECTORY": "/var/lib/one"]
        #expect(try parse("", environment: environment).rejects.directory == "/var/lib/one/rejects")
        let text = "[ring]\ndirectory = \"/srv/ring\""
        #expect(try parse(text).rejects.directory == "/srv/ring/rejects")
    }

    @Test func `a table takes the measurement of its own name`() throws {
        let table = try #require(try parse("[[table]]\nname = \"public.weather\"").tables.first)
        #expect(table.name == TableName(schema: "public", table: "weather"))
        #expect(table.measurements == ["weather"])
        #expect(table.timeColumn == nil)
        #expect(table.columns == nil)
        #expect(table.duplicates == .error)
    }
}
