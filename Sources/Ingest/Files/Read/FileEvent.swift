import Logging

/// Something about a file or folder that an operator may want to know.
package enum FileEvent: Hashable, Sendable {
    case cannotRead(path: String, why: String)
    case canReadAgain(path: String)
    case folderMissing(path: String, why: String)
    case folderBack(path: String)
    /// A followed file has another content, or less of it.
    case rewritten(path: String, how: String)
    /// A file that was dropped is in the database.
    case done(path: String, bytes: UInt64, what: String)
    case cannotFinish(path: String, why: String)
    /// Compressed content that could be read in part only.
    case broken(path: String, why: String)
    case compressed(path: String)
    case halfImported(path: String)
    /// More files than may be open.
    case waiting(files: Int)
    case cannotWatch(why: String)

    var event: Event {
        switch self {
        case .rewritten: .fileRewritten
        case .done: .fileDone
        default: .fileProblem
        }
    }

    var level: Logger.Level {
        switch self {
        case .canReadAgain, .folderBack: .notice
        case .done: .info
        default: .warning
        }
    }

    var message: String {
        switch self {
        case .cannotRead(_, let why):
            "a file cannot be read: \(why); it is tried again"
        case .canReadAgain: "the file can be read again"
        case .folderMissing(_, let why):
            "a folder of [[files]] cannot be looked into: \(why); it is tried again"
        case .folderBack: "the folder can be looked into again"
        case .rewritten(_, let how): "a followed file \(how)"
        case .done(_, _, let what): "a file is in the database\(what)"
        case .cannotFinish(_, let why):
            "a file is in the database and stays where it is: \(why)"
        case .broken(_, let why): "\(why); what stands before that is taken, and the file is kept"
        case .compressed:
            "a compressed file is not followed; put it into a folder of mode drop, or load it with"
                + " sluice import"
        case .halfImported:
            "a file was loaded in part by sluice import and is left alone; finish it with sluice import"
        case .waiting:
            "more files than may be open; the others wait: raise LimitNOFILE= in the unit"
        case .cannotWatch(let why):
            "folders cannot be watched, changes are seen at the next rescan only: \(why)"
        }
    }

    var metadata: Logger.Metadata {
        switch self {
        case .cannotRead(let path, _), .canReadAgain(let path), .folderMissing(let path, _),
            .folderBack(let path), .rewritten(let path, _), .cannotFinish(let path, _),
            .broken(let path, _), .compressed(let path), .halfImported(let path):
            ["path": "\(path)"]
        case .done(let path, let bytes, _): ["path": "\(path)", "bytes": "\(bytes)"]
        case .waiting(let files): ["files": "\(files)"]
        case .cannotWatch: [:]
        }
    }
}

/// Tells each thing that is the matter once, until it is over.
struct FileTeller {
    private let tell: (FileEvent) -> Void
    private var standing: [String: FileEvent] = [:]

    /// Things that are remembered; beyond that they may be told again.
    private static let standingMax = 10_000

    init(_ tell: @escaping (FileEvent) -> Void) {
        self.tell = tell
    }

    /// Something that has happened.
    func happened(_ event: FileEvent) { tell(event) }

    /// Something that is so; `key` says of what.
    mutating func stands(_ event: FileEvent, of key: String) {
        if standing[key] == event { return }
        if standing.count >= Self.standingMax { standing.removeAll() }
        standing[key] = event
        tell(event)
    }

    /// It is so no more.
    mutating func isOver(_ key: String, telling event: FileEvent? = nil) {
        guard standing.removeValue(forKey: key) != nil, let event else { return }
        tell(event)
    }
}
