import Glibc
import Logging
import Threads

/// A folder in memory where possible.
func temporaryFolder() -> String {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/sluice-history-XXXXXX".utf8CString)
    return String(cString: mkdtemp(&template)!)
}

/// The names in a folder; none when it is not there.
func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Removes a folder with everything in it.
func removeFolder(_ path: String) {
    for name in names(in: path) where unlink(path + "/" + name) != 0 {
        removeFolder(path + "/" + name)
    }
    rmdir(path)
}

/// What the daemon said.
final class RecordedLog: Sendable {
    let lines = Lock<[String]>([])

    var logger: Logger { Logger(label: "simulation") { _ in Handler(log: self) } }

    func contains(_ event: String) -> Bool {
        lines.withLock { $0.contains { $0.contains("event=\(event) ") } }
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted()
            let text = "\(event.level) \(event.message) \(fields.joined(separator: " ")) "
            log.lines.withLock { $0.append(text) }
        }
    }
}
