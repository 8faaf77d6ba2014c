import Glibc
import Ingest
import Testing

@Suite struct ConfigurationLoadTests {
    private func failure(_ path: String) -> ConfigurationError? {
        do throws(ConfigurationError) {
            _ = try Configuration.load(path: path) { _ in nil }
            return nil
        } catch {
            return error
        }
    }

    @Test func `a file is loaded`() throws {
        let folder = try TemporaryFolder()
        try folder.write("sluice.toml", "[batch]\nrows = 7")
        let configuration = try Configuration.load(path: "\(folder.path)/sluice.toml") { _ in nil }
        #expect(configuration.batch.rows == 7)
    }

    @Test func `a missing file says what to do, in one line`() throws {
        let error = try #require(failure("/no/such/sluice.toml"))
        #expect(error == .notFound(path: "/no/such/sluice.toml"))
        #expect(error.lines.count == 1)
        #expect(error.description.contains("--config"))
        #expect(error.exitCode == EX_NOINPUT)
    }

    @Test func `a folder is not a configuration`() throws {
        let error = try #require(failure("/tmp"))
        #expect(error.description == "/tmp: cannot be read: Is a directory")
        #expect(error.exitCode == EX_NOINPUT)
    }

    @Test func `a file that is not text is refused`() throws {
        let folder = try TemporaryFolder()
        try folder.write("sluice.toml", bytes: [0x5b, 0xff, 0xfe])
        let error = try #require(failure("\(folder.path)/sluice.toml"))
        #expect(error.description.hasSuffix("it is not UTF-8 text"))
    }

    @Test func `a wrong file tells its path, line and exit code`() throws {
        let folder = try TemporaryFolder()
        try folder.write("sluice.toml", "[batch]\nrows = 0")
        let path = "\(folder.path)/sluice.toml"
        let error = try #require(failure(path))
        #expect(error.lines.count == 1)
        #expect(error.description.hasPrefix("\(path):2: batch.rows"))
        #expect(error.exitCode == EX_CONFIG)
    }
}
