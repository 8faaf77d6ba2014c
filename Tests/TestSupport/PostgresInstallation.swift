import Glibc

/// The server's programs on this machine, and the user who may run them.
struct PostgresInstallation: Sendable {
    /// What comes before a command so that it runs as somebody else than root.
    let prefix: [String]
    /// Whether TimescaleDB can be loaded.
    let hasTimescale: Bool
    private let programs: String
    private let owner: (user: uid_t, group: gid_t)

    init() throws {
        programs = try Self.findPrograms()
        let share = try Command.succeed([programs + "/pg_config", "--sharedir"])
        hasTimescale = Self.exists(Self.trimmed(share) + "/extension/timescaledb.control")
        guard getuid() == 0 else {
            prefix = []
            owner = (getuid(), getgid())
            return
        }
        // The server refuses to run as root.
        guard let user = getpwnam("postgres") else {
            throw TestSupportError(
                "there is no user postgres: install postgresql, or do not be root")
        }
        owner = (user.pointee.pw_uid, user.pointee.pw_gid)
        prefix = ["setpriv", "--reuid=postgres", "--regid=\(owner.group)", "--init-groups"]
    }

    /// The full name of one of the programs.
    func path(_ program: String) -> String { programs + "/" + program }

    /// Runs one of the programs to its end.
    func run(_ program: String, _ arguments: String...) throws {
        try Command.succeed(prefix + [path(program)] + arguments)
    }

    /// Runs a line of shell; the argument is `$0` there.
    func runShell(_ line: String, _ argument: String, input: String) throws {
        try Command.succeed(prefix + ["sh", "-c", line, argument], input: input)
    }

    /// Makes a folder with a name short enough for a socket in it.
    func makeFolder() throws -> String {
        var name = Array("/tmp/sluice-test-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil, chown(name, owner.user, owner.group) == 0 else {
            throw TestSupportError("cannot make a temporary folder: errno \(errno)")
        }
        return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The folder of `pg_config --bindir` when the server is there, else the newest of Debian's.
    private static func findPrograms() throws -> String {
        var candidates: [String] = []
        if let output = try? Command.run(["pg_config", "--bindir"]), output.status == 0 {
            candidates.append(trimmed(output.text))
        }
        let debian = try Command.run(["sh", "-c", "ls -d /usr/lib/postgresql/*/bin | sort -rV"])
        candidates += debian.text.split(separator: "\n").map(String.init)
        guard let found = candidates.first(where: { exists($0 + "/initdb") }) else {
            throw TestSupportError("PostgreSQL's server programs are not installed")
        }
        return found
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func trimmed(_ text: String) -> String {
        String(text.prefix { $0 != "\n" })
    }
}
