import Glibc
package import SystemPackage

/// Tells what happens in folders: inotify(7). One thread uses it.
package final class FolderWatch {
    /// Something that happened to a name in a watched folder.
    package struct Change: Equatable, Sendable {
        package enum Kind: Equatable, Sendable {
            /// The name leads to something since now: made there, or linked.
            case appeared
            /// The name was given to something that was elsewhere before.
            case movedHere
            /// The name leads nowhere any more.
            case vanished
            /// What the name leads to was written to or cut.
            case modified
            /// The folder itself was moved or removed.
            case folderGone
        }

        package let kind: Kind
        package let folder: FilePath
        /// `nil` for the folder itself.
        package let name: FilePath.Component?
    }

    /// To be polled for reading.
    package let descriptor: Int32
    private var folders: [Int32: FilePath] = [:]
    private var watches: [FilePath: Int32] = [:]
    private var buffer = [UInt8](repeating: 0, count: FolderWatch.bufferBytes)

    private static let bufferBytes = 64 << 10
    private static let mask =
        UInt32(IN_CREATE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_DELETE)
        | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR)

    package init() throws(FileError) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw FileError("inotify_init1", "inotify") }
    }

    deinit { close(descriptor) }

    /// The folders that are watched.
    package var watched: Set<FilePath> { Set(watches.keys) }

    /// Watches a folder from now on; does nothing when it is watched already.
    ///
    /// - Parameter withContent: whether changes of what the names lead to are wanted as well.
    package func add(
        _ folder: FilePath, withContent: Bool
    ) throws(FileError) {
        let mask = withContent ? Self.mask | UInt32(IN_MODIFY) : Self.mask
        let watch = unsafe folder.withPlatformString {
            unsafe inotify_add_watch(descriptor, $0, mask)
        }
        guard watch >= 0 else { throw FileError("inotify_add_watch", folder.shown) }
        // The same folder by another name keeps its number; another folder by the same name has a new
        // one.
        if let before = watches[folder], before != watch { folders[before] = nil }
        watches[folder] = watch
        folders[watch] = folder
    }

    /// Stops watching a folder.
    package func remove(_ folder: FilePath) {
        guard let watch = watches.removeValue(forKey: folder) else { return }
        if folders[watch] == folder {
            folders[watch] = nil
            inotify_rm_watch(descriptor, watch)
        }
    }

    /// What has happened since the last call.
    ///
    /// - Returns: the changes in their order, and whether there were so many that some are missing.
    package func changes() throws(FileError) -> (changes: [Change], isOverflown: Bool) {
        var changes: [Change] = []
        var isOverflown = false
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                retrying { unsafe read(descriptor, bytes.baseAddress, bytes.count) }
            }
            if count < 0 && errno == EAGAIN { break }
            guard count > 0 else { throw FileError("read", "inotify") }
            var place = 0
            while place < count {
                let (event, name, next) = event(at: place)
                place = next
                if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { isOverflown = true }
                if let change = change(event, name) { changes.append(change) }
            }
        }
        return (changes, isOverflown)
    }

    private func event(
        at place: Int
    ) -> (event: inotify_event, name: FilePath.Component?, next: Int) {
        unsafe buffer.withUnsafeBytes { bytes in
            let event = unsafe bytes.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
            let start = place + MemoryLayout<inotify_event>.size
            let end = start + Int(event.len)
            let name = unsafe Array(bytes[start..<end].prefix { $0 != 0 })
            return (event, FilePath.Component(bytes: name[...]), end)
        }
    }

    private func change(
        _ event: inotify_event, _ name: FilePath.Component?
    ) -> Change? {
        guard let folder = folders[event.wd] else { return nil }
        let mask = event.mask
        func has(_ bits: UInt32...) -> Bool { bits.contains { mask & $0 != 0 } }
        if has(UInt32(IN_IGNORED), UInt32(IN_DELETE_SELF), UInt32(IN_MOVE_SELF), UInt32(IN_UNMOUNT))
        {
            // The name may lead to another folder later; that one is to be watched anew.
            remove(folder)
            return Change(kind: .folderGone, folder: folder, name: nil)
        }
        guard let name else { return nil }
        let kind: Change.Kind =
            if has(UInt32(IN_MOVED_TO)) {
                .movedHere
            } else if has(UInt32(IN_CREATE)) {
                .appeared
            } else if has(UInt32(IN_MOVED_FROM), UInt32(IN_DELETE)) {
                .vanished
            } else {
                .modified
            }
        return Change(kind: kind, folder: folder, name: name)
    }
}
