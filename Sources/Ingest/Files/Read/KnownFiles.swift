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

    /// To look copies up in.
    ///
    /// - Parameter open: files that are being read, and what they were before they were cut.
    func fingerprints(with open: [KnownFile]) -> FingerprintIndex {
        FingerprintIndex([Array(files.values), open].joined())
    }
}

/// How far contents were read, by what they begin with.
struct FingerprintIndex {
    private var positions: [FileFingerprint: UInt64] = [:]
    /// The lengths of the fingerprints, the shortest first.
    private var lengths: [Int] = []

    init(_ files: some Sequence<KnownFile>) {
        for file in files where file.key.fingerprint.length > 0 && file.position > 0 {
            let fingerprint = file.key.fingerprint
            positions[fingerprint] = max(positions[fingerprint] ?? 0, file.position)
        }
        lengths = Set(positions.keys.map { Int($0.length) }).sorted()
    }

    /// Where a copy of a known file begins to have something new, which may be behind its end; `nil`
    /// for what is no copy.
    ///
    /// - Parameters:
    ///   - first: the file's first bytes, as far as a fingerprint may cover them.
    ///   - lengthMin: what a fingerprint must cover at least.
    func start(ofCopy first: UnsafeRawBufferPointer, lengthMin: Int) -> FileStart? {
        var best: (position: UInt64, fingerprint: FileFingerprint)?
        var hash = FileFingerprint.Hash()
        var place = 0
        for length in lengths where length <= first.count {
            while place < length {
                unsafe hash.add(first[place])
                place += 1
            }
            guard length >= lengthMin else { continue }
            let fingerprint = FileFingerprint(length: UInt32(length), hash: hash.value)
            if let position = positions[fingerprint], position > best?.position ?? 0 {
                best = (position, fingerprint)
            }
        }
        return best.map { best in
            FileStart(
                position: best.position, base: best.position, fingerprint: best.fingerprint,
                needsRestart: true, needsRow: true)
        }
    }
}
