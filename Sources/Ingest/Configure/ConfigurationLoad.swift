import Glibc
package import Systemd

extension Configuration {
    package static let standardPath = "/etc/sluice/sluice.toml"
    private static let standardStateDirectory = "/var/lib/sluice"
    /// The name of the systemd credential with the database's password.
    package static let passwordCredential = "db-password"

    /// Reads the configuration from a file.
    package static func load(
        path: String = standardPath, environment: EnvironmentLookup = processEnvironment
    ) throws(ConfigurationError) -> Configuration {
        let bytes: [UInt8]
        switch readFile(path, sizeMax: ConfigurationLimits.fileSizeMax) {
        case .bytes(let read): bytes = read
        case .failed(ENOENT): throw .notFound(path: path)
        case .failed(let code):
            throw .unreadable(path: path, reason: unsafe String(cString: strerror(code)))
        case .tooLarge:
            let size = Size.text(ConfigurationLimits.fileSizeMax)
            throw .unreadable(path: path, reason: "it is larger than \(size)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "it is not UTF-8 text")
        }
        return try parse(text, path: path, environment: environment)
    }

    /// The first of systemd's state directories.
    static func stateDirectory(_ environment: EnvironmentLookup) -> String {
        managedDirectory("STATE_DIRECTORY", environment: environment) ?? standardStateDirectory
    }

    /// The credential's path, when the unit was given one.
    static func passwordFile(_ environment: EnvironmentLookup) -> String? {
        guard let directory = environment("CREDENTIALS_DIRECTORY") else { return nil }
        let path = "\(directory)/\(passwordCredential)"
        return unsafe access(path, F_OK) == 0 ? path : nil
    }
}

extension Configuration.Database {
    /// The password from the systemd credential, `nil` when there is none.
    ///
    /// Never log it and never put it into the connection string, whose text is shown in messages:
    /// hand it to libpq as the parameter `password` of its own, beside `dbname` with the
    /// connection string expanded. It is read for every connection, so a changed one is taken up.
    package func readPassword() throws(ConfigurationError) -> String? {
        guard let passwordFile else { return nil }
        switch readFile(passwordFile, sizeMax: ConfigurationLimits.passwordLengthMax) {
        case .bytes(var bytes):
            // Editors and `echo` end a file with a line break that no password has.
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
                throw .unreadable(path: passwordFile, reason: "it is not a password in UTF-8")
            }
            return text.isEmpty ? nil : text
        case .failed(let code):
            throw .unreadable(path: passwordFile, reason: unsafe String(cString: strerror(code)))
        case .tooLarge:
            throw .unreadable(path: passwordFile, reason: "it is too long for a password")
        }
    }
}

private enum FileContent {
    case bytes([UInt8])
    case failed(Int32)
    case tooLarge
}

private func readFile(_ path: String, sizeMax: Int) -> FileContent {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .failed(errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let count = unsafe read(descriptor, &block, block.count)
        if count < 0 {
            if errno == EINTR { continue }
            return .failed(errno)
        }
        if count == 0 { return .bytes(bytes) }
        bytes.append(contentsOf: block[..<count])
        if bytes.count > sizeMax { return .tooLarge }
    }
}
