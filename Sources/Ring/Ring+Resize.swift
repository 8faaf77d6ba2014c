import Glibc

/// What `Ring.resize` did.
package struct Resizing: Equatable, Sendable {
    /// Bytes for frames before and now.
    package let before: Int
    package let after: Int
    /// Frames that moved into the new file.
    package let frames: Int
    /// What opening the ring found.
    package let recovery: RecoveryReport
}

extension Ring {
    /// Gives a ring another capacity and keeps everything that is in it: identity, positions,
    /// sources, ledger, confirmation and frames.
    ///
    /// A new file is written beside the ring, and takes its name when the disk has all of it: a
    /// crash leaves the one or the other. Nobody may have the ring open.
    ///
    /// - Parameter configuration: `path`, and the wished `capacity`.
    /// - Throws: `tooSmall` when what is in the ring does not fit; the ring is then as it was.
    package static func resize(
        _ configuration: RingConfiguration
    ) throws(RingError) -> Resizing {
        guard let (descriptor, _) = try RingFile.open(configuration.path, .readOnly) else {
            throw .system(operation: "open", path: configuration.path, code: ENOENT)
        }
        Glibc.close(descriptor)
        let (ring, report) = try open(configuration)
        let capacity = configuration.wholeCapacity
        if ring.capacity != capacity {
            do throws(RingError) {
                try ring.move(to: capacity, boot: configuration.boot)
            } catch {
                try ring.close()
                throw error
            }
        } else {
            try ring.close()
        }
        return Resizing(
            before: ring.capacity, after: capacity, frames: report.frames, recovery: report)
    }

    /// Writes a new file over this ring's name. The old one is gone then, and this object with it.
    private func move(to capacity: Int, boot: UInt64) throws(RingError) {
        let (mark, usedBytes) = state.withLock { ($0.mark, $0.usedBytes) }
        let needed = usedBytes + RingLimits.reservedBytes
        guard needed <= capacity else {
            throw .tooSmall(path: path, capacity: capacity, needed: needed)
        }
        let superblock = Superblock(identity: identity, capacity: capacity, createdAt: createdAt)
        let new = try RingFile.create(path, bytes: superblock.fileBytes, isReplacing: true) {
            (file) in
            superblock.write(to: file.memory)
            self.copyHeader(to: file.header)
            self.copyEntries(from: mark.tail.offset, usedBytes, to: file.area)
            self.writeSlots(mark, usedBytes, of: file, boot: boot)
        }
        new.unlock()
    }

    /// Everything but the superblock, which is the new file's own.
    private func copyHeader(to header: Region) {
        let start = Layout.markSlots.first
        unsafe header.copy(file.header.bytes(start, Layout.headerBytes - start), to: start)
    }

    /// To the start of the area, where they all stand in a row: an entry knows its position and not
    /// its offset.
    private func copyEntries(from offset: Int, _ usedBytes: Int, to area: Region) {
        let first = min(usedBytes, capacity - offset)
        unsafe area.copy(file.area.bytes(offset, first), to: 0)
        unsafe area.copy(file.area.bytes(0, usedBytes - first), to: first)
    }

    private func writeSlots(_ mark: Mark, _ usedBytes: Int, of file: RingFile, boot: UInt64) {
        var mark = mark
        mark.tail.offset = 0
        mark.head.offset = usedBytes
        let session = Session(boot: boot, inode: file.inode, process: getpid(), isClean: true)
        var marks = Slots(header: file.header, seed: codec.seed, offsets: Layout.markSlots)
        var sessions = Slots(header: file.header, seed: codec.seed, offsets: Layout.sessionSlots)
        // Into both slots: what stood there spoke of the other file.
        for _ in 0..<2 {
            marks.write(mark.words)
            sessions.write(session.words)
        }
    }
}
