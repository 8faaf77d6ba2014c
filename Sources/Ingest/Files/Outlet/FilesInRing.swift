import Ring

/// The files of which a ring held chunks when it was opened.
struct FilesInRing: Sendable {
    /// What the ring's chunks say of a file.
    struct Entry: Sendable {
        var known: KnownFile
        /// Where its last chunk ends in the ring.
        var frameEnd: UInt64
        /// Chunks of it are missing: only what stands before them counts as taken.
        var hasGap = false
    }

    private(set) var entries: [FileIdentity: Entry] = [:]

    /// Walks over all frames of a ring that nobody writes to or takes from yet.
    init(_ ring: Ring) {
        guard let frames = ring.pin(byteLimit: .max) else { return }
        for frame in frames where FrameAttributes(rawValue: frame.info.attributes).isFile {
            guard let chunk = unsafe FileChunk(frame.payload), chunk.key.stripe == nil else {
                continue
            }
            take(chunk, frameEnd: frame.end)
        }
        ring.unpin()
    }

    private mutating func take(_ chunk: FileChunk, frameEnd: UInt64) {
        let identity = chunk.key.identity
        let now = KnownFile(chunk.key, position: chunk.end)
        guard var entry = entries[identity], !chunk.flags.contains(.restart) else {
            entries[identity] = Entry(known: now, frameEnd: frameEnd)
            return
        }
        entry.frameEnd = frameEnd
        if chunk.start > entry.known.position { entry.hasGap = true }
        if !entry.hasGap, chunk.end > entry.known.position { entry.known = now }
        entries[identity] = entry
    }
}
