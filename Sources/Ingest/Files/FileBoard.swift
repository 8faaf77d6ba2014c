import Threads

/// What a lane's writer and the reader of files tell each other.
package final class FileBoard: Sendable {
    private struct Notes {
        var committed: [FileIdentity: KnownFile] = [:]
        var isRead: Set<FileIdentity> = []
    }

    private let notes = Lock(Notes())

    package init() {}

    // MARK: - The writer's

    /// Notes how far files are in the database, of those that are being read.
    func note(_ files: [KnownFile]) {
        guard !files.isEmpty else { return }
        notes.withLock { notes in
            for file in files where notes.isRead.contains(file.key.identity) {
                notes.committed[file.key.identity] = file
            }
        }
    }

    /// Whether what is missing of the file will be offered again.
    func isRead(_ identity: FileIdentity) -> Bool {
        notes.withLock { $0.isRead.contains(identity) }
    }

    // MARK: - The reader's

    /// The file is being read from now on.
    ///
    /// - Parameter file: how far it is in the database, where that is known.
    func begin(_ identity: FileIdentity, committed file: KnownFile?) {
        notes.withLock { notes in
            notes.isRead.insert(identity)
            if let file, notes.committed[identity] == nil { notes.committed[identity] = file }
        }
    }

    func committed(_ identity: FileIdentity) -> KnownFile? {
        notes.withLock { $0.committed[identity] }
    }

    func forget(_ identity: FileIdentity) {
        notes.withLock { notes in
            notes.isRead.remove(identity)
            notes.committed[identity] = nil
        }
    }
}
