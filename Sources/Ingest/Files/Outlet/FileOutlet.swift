/// Where the reader of files puts what it has read, and what it asks of those behind it: the rings
/// and the database in production, memory in tests. One thread uses it.
package protocol FileOutlet: AnyObject {
    /// Every file of this machine that the database or a ring knows, with how far it was taken; what
    /// a ring still holds counts as taken. `nil` as long as the database has not been asked: nobody
    /// knows then what is in, and no file may be begun.
    ///
    /// Holds for the start; later on the reader knows more than this.
    func knownFiles() -> [KnownFile]?

    /// Puts whole lines of a file into the ring of its lane.
    ///
    /// - Parameters:
    ///   - section: which `[[files]]` of the configuration, from 0.
    ///   - lines: at most `chunkBytesMax`; copied.
    /// - Returns: whether they are in. If not, there is no room for files at the moment: nothing was
    ///   taken, and the same chunk is offered again later.
    func offer(_ chunk: FileChunk, section: Int, lines: UnsafeRawBufferPointer) -> Bool

    /// What has become of what was offered of a file since the start.
    func state(of identity: FileIdentity) -> FileOutletState

    /// Nothing more of it will be asked: it is done, or gone for good.
    func forget(_ identity: FileIdentity)

    /// Everything that is there at the start was looked at: of other files than these nothing is
    /// offered again.
    func startIsOver(reading files: Set<FileIdentity>)
}

/// What has become of a file's chunks.
package struct FileOutletState: Equatable, Sendable {
    /// What the database has of the file; `nil` when it is not known to have anything of it.
    package var committed: KnownFile?
    /// Whether chunks of it are still in a ring.
    package var isPending: Bool

    /// As it stands now.
    package init(committed: KnownFile?, isPending: Bool) {
        self.committed = committed
        self.isPending = isPending
    }
}
