import Threads

/// What a lane's writer and the reader of files tell each other.
package final class FileBoard: Sendable {
    private struct Notes {
        var committed: [FileIdentity: UInt64] = [:]
        var isRead: Set<FileIdentity> = []
    }

    private let notes = Lock(Notes())

    package init() {}

    // MARK: - The writer's

    /// Notes how far files are in the database, of those that are being read.
    func note(_ positions: [(identity: FileIdentity, position: UInt64)]) {
        guard !positions.isEmpty else { return }
        notes.withLock { notes in
            for (identity, position) in positions where notes.isRead.contains(identity) {
                notes.committed[identity] = position
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
    /// - Parameter position: how far it is in the database, where that is known.
    func begin(_ identity: FileIdentity, committed position: UInt64?) {
        notes.withLock { notes in
            notes.isRead.insert(identity)
            if let position { notes.committed[identity] = position }
        }
    }

    func committed(_ identity: FileIdentity) -> UInt64? {
        notes.withLock { $0.committed[identity] }
    }

    func forget(_ identity: FileIdentity) {
        notes.withLock { notes in
            notes.isRead.remove(identity)
            notes.committed[identity] = nil
        }
    }
}
