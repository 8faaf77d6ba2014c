import Postgres
import Ring

/// What files need beside their lines: how far they are in the database.
extension Writer where Session: ~Copyable {
    /// Asks the database for the files of this batch that it was not asked for yet: within the batch,
    /// while a COPY is open, nothing can be asked.
    mutating func readFileRows(
        _ frames: PinnedFrames, _ session: inout Session
    ) throws(WriteFailure) {
        let keys = keys(of: frames)
        guard !keys.isEmpty else { return }
        let positions = try lane.ask { () throws(PostgresError) in try files.read(keys, &session) }
        lane.files.note(positions)
    }

    /// Whether frames can be written in the batch in work: within it, nothing can be asked of files.
    func areKnown(_ frames: PinnedFrames) -> Bool {
        keys(of: frames).allSatisfy(files.isKnown)
    }

    private func keys(of frames: PinnedFrames) -> Set<FileKey> {
        guard lane.carriesFiles else { return [] }
        var keys: Set<FileKey> = []
        for frame in frames where FrameAttributes(rawValue: frame.info.attributes).isFile {
            guard let chunk = unsafe FileChunk(frame.payload) else { continue }
            keys.insert(chunk.key)
        }
        return keys
    }

    /// Says what is lost of files: it was in the ring, is there no more, and cannot be read again.
    mutating func tellLostBytes() {
        let bytes = files.takeLostBytes()
        guard bytes > 0 else { return }
        logger.event(
            .fileProblem, .error,
            "lines of a file are lost: the ring has lost them, and the file is gone",
            ["bytes": "\(bytes)"])
    }

    /// Moves the rows of this batch's files on within the open transaction.
    mutating func moveFiles(_ session: inout Session) throws(WriteFailure) {
        guard files.isTouched else { return }
        let isMoved = try lane.ask { () throws(PostgresError) in try files.move(&session) }
        guard isMoved else { throw .fileMoved }
    }
}
