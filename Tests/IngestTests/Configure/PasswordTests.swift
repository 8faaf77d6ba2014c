import Ingest
import Testing

@Suite struct PasswordTests {
    @Test(arguments: [
        "password=x", "host=db password = 'a b' user=me", "host=db PASSWORD=x",
        "postgresql://me:secret@db/readings", "postgres://me:p%20w@db", "sslpassword=x",
        "postgresql://db/readings?password=x", "postgresql://db/?pass%77ord=x",
        "postgresql://me:a/b@db/readings", "dbname='postgresql://me:secret@db/x'",
        "application_name='it\\'s' password=x",
    ])
    func `a password in the connection string is refused and not repeated`(text: String) throws {
        let lines = problems("[database]\nconninfo = '''\(text)'''")
        try #require(lines.count == 1)
        #expect(lines[0].hasPrefix("sluice.toml:2: database.conninfo holds a password"))
        #expect(!lines[0].contains("secret"))
        for way in [".pgpass", "PGPASSFILE", "service file", "systemd credential"] {
            #expect(lines[0].contains(way))
        }
    }

    @Test(arguments: [
        "", "host=/run/postgresql dbname=sluice", "service=readings", "passfile=/etc/x",
        "postgresql:///sluice", "postgresql://me@db:5432/readings?sslmode=require",
        "postgresql://[::1]:5432/x", "application_name='password=x'", "password=",
        "postgresql://a,b:5432/x", "dbname=dbname=x",
    ])
    func `a connection string without one is taken`(text: String) {
        #expect(problems("[database]\nconninfo = '''\(text)'''") == [])
    }

    @Test func `the password comes from the systemd credential`() throws {
        let folder = try TemporaryFolder()
        try folder.write("db-password", "se cret\n")
        let environment = ["CREDENTIALS_DIRECTORY": folder.path]
        let database = try parse("", environment: environment).database
        #expect(database.passwordFile == "\(folder.path)/db-password")
        #expect(try database.readPassword() == "se cret")
    }

    @Test func `a unit without the credential has no password file`() throws {
        let folder = try TemporaryFolder()
        let database = try parse("", environment: ["CREDENTIALS_DIRECTORY": folder.path]).database
        #expect(database.passwordFile == nil)
        #expect(try database.readPassword() == nil)
    }

    @Test func `a credential that has gone is an error and not no password`() throws {
        let folder = try TemporaryFolder()
        try folder.write("db-password", "x")
        let environment = ["CREDENTIALS_DIRECTORY": folder.path]
        let database = try parse("", environment: environment).database
        try folder.remove("db-password")
        #expect(throws: ConfigurationError.self) { try database.readPassword() }
    }
}
