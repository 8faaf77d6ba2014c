import Files

/// Every file that was read before or is in a ring, by its identity: whether one that turns up is one
/// of them.
struct KnownFiles {
    private var files: [FileIdentity: KnownFile] = [:]
    /// Files that are loaded in part by an import.
    private var striped: Set<FileIdentity> = []
    /// Files that are gone for certain: their inode number may be used again.
    private var gone: Set<FileIdentity> = []

    /// What the database and the rings said at the start.
    init(_ all: [KnownFile]) {
        var ends: [FileIdentity: UInt64] = [:]
        for file in all {
            let identity = file.key.identity
            if file.key.stripe == nil {
                files[identity] = file
            } else {
                ends[identity] = max(ends[identity] ?? 0, file.position)
            }
        }
        for (identity, end) in ends where files[identity].map({ $0.position < end }) ?? true {
            striped.insert(identity)
        }
    }

    subscript(identity: FileIdentity) -> KnownFile? { files[identity] }

    /// Whether only `sluice import` can go on with it.
    func isHalfImported(_ identity: FileIdentity) -> Bool { striped.contains(identity) }

    /// How far a file was read that is not open any more.
    mutating func note(_ file: KnownFile, isGone: Bool = false) {
        files[file.key.identity] = file
        if isGone { gone.insert(file.key.identity) } else { gone.remove(file.key.identity) }
    }

    /// Where a file begins that has turned up under `identity`.
    ///
    /// - Parameter first: its first bytes, as far as a fingerprint may cover them.
    func start(of identity: FileIdentity, _ first: UnsafeRawBufferPointer) -> FileStart {
        guard let known = files[identity] else { return FileStart() }
        guard !gone.contains(identity), unsafe known.key.fingerprint.matches(first) else {
            return FileStart(needsRestart: true)
        }
        return FileStart(position: known.position, fingerprint: known.key.fingerprint)
    }

    /// Where a copy of a known file begins to have something new, which may be behind its end; `nil` for
    /// what is no copy.
    ///
    /// - Parameters:
    ///   - lengthMin: what a fingerprint must cover at least.
    ///   - open: of files that are being read, and what they were before they were cut.
    func start(
        ofCopy first: UnsafeRawBufferPointer, lengthMin: Int, among open: [KnownFile]
    ) -> FileStart? {
        var best: KnownFile?
        for file in [Array(files.values), open].joined()
        where Int(file.key.fingerprint.length) >= lengthMin && file.position > best?.position ?? 0 {
            if unsafe file.key.fingerprint.matches(first) { best = file }
        }
        guard let best else { return nil }
        return FileStart(
            position: best.position, base: best.position, fingerprint: best.key.fingerprint,
            needsRestart: true, needsRow: true)
    }
}
