import Postgres
import Testing

@Suite struct ConnectionTextTests {
    @Test(arguments: [
        ("host=a port=5 dbname=b user=c password=secret", "host=a port=5 dbname=b user=c"),
        ("postgresql://c:secret@a:5/b?connect_timeout=3", "host=a port=5 dbname=b user=c"),
        ("postgres://c:sec%40%2Fret@a/b", "host=a dbname=b user=c"),
        ("postgresql:///b?host=/run&password=secret", "host=/run dbname=b"),
        ("service=plant password='s e c'", "service=plant"), ("", "libpq's defaults"),
        ("host=a,b port=5,6", "host=a,b port=5,6"),
    ])
    func `only host, port, database and user are shown`(_ text: String, _ redacted: String) throws {
        #expect(try ConnectionText(text).redacted == redacted)
    }

    @Test(arguments: [
        "password=hush hush2", "password='hush", "host=a password=hush =b", "hush", "hots=a",
        "postgresql://u:hu@sh@h/d", "postgresql://u:hu/sh@h/d", "postgresql://u:12/hush@h/d",
        "postgresql://u:hu?sh@x@h/d", "postgresql://u:hu%zzsh@h/d", "postgresql://u:hush@h:po/d",
        "postgresql://u:hush@[h/d", "postgresql://u:hush@h/d?hush=1", "port=hush", "host=a\0b",
        "password=x hush=y", "postgresql://u:hush@h/d?password",
    ])
    func `what cannot be read is an error without the secret`(_ text: String) throws {
        let error = try #require(throws: PostgresError.self) { try ConnectionText(text) }
        #expect(error.origin == .conninfo)
        #expect(Remedy(error) == .hold)
        let mayName = text == "hush" || text == "hots=a"
        #expect(mayName || !"\(error)".contains("hu"), "\(error)")
        #expect(!"\(error)".contains("\n"))
    }

    @Test func `an unknown keyword is named when no secret can be in it`() throws {
        let error = try #require(throws: PostgresError.self) { try ConnectionText("hots=a") }
        #expect(error.message.contains("hots"))
    }
}
