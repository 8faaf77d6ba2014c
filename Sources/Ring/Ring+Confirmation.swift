import Glibc
import Threads

extension Ring {
    /// The highest position that the database is known to have had, until it says otherwise
    /// (`resume(after:)`). 0 when it never had any.
    package var confirmedPosition: UInt64 {
        state.withLock { $0.confirmation.position }
    }

    /// Reads `confirmedPosition` from a ring's file without changing or locking it, also while a
    /// daemon works on it.
    ///
    /// - Returns: nil when there is no such file.
    package static func confirmation(
        path: String
    ) throws(RingError) -> (ring: RingIdentity, position: UInt64)? {
        guard let (descriptor, status) = try RingFile.open(path, .readOnly) else { return nil }
        let superblock: Superblock
        do throws(RingError) {
            superblock = try RingFile.readSuperblock(
                descriptor, path, fileBytes: Int(status.st_size)
            ).superblock
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        // Only the header is looked at, which is there however short the file is.
        let bytes = min(superblock.fileBytes, Int(status.st_size))
        let file = try RingFile.map(descriptor, path, bytes: bytes, .readOnly)
        let confirmation = Confirmation(header: file.header, seed: superblock.identity.seed)
        return (superblock.identity, confirmation.position)
    }
}
