import Glibc
package import SystemPackage

/// An absolute path in which `*`, `?` and `[…]` stand for parts of names, as in glob(7). Names are
/// bytes: they need not be text.
package struct PathPattern: Sendable, Equatable {
    /// The components behind the root, each as it stands or as a pattern.
    private let components: [FilePath.Component]

    /// - Parameter path: absolute.
    package init(_ path: String) {
        components = Array(FilePath(path).components)
    }

    /// How many components stand in front of the files' names: the depth of their folders.
    package var folderDepth: Int { components.count - 1 }

    /// What an expansion meets.
    package protocol Visitor {
        /// A folder in which names are looked for, and how many components lead to it.
        mutating func visit(folder: FilePath, depth: Int)
        /// A name in the last folder; it matches, or is one of those that `isRotated` speaks of.
        mutating func visit(path: FilePath, matches: Bool)
        /// A folder that cannot be read; `ENOENT` where a part of the path is not there.
        mutating func cannotRead(folder: FilePath, _ error: FileError)
    }

    /// Walks through all folders of the pattern.
    ///
    /// - Parameter withRotated: whether names of rotated files are visited as well.
    package func expand(_ visitor: inout some Visitor, withRotated: Bool) {
        expand(from: FilePath("/"), depth: 0, &visitor, withRotated)
    }

    private func expand(
        from folder: FilePath, depth: Int, _ visitor: inout some Visitor, _ withRotated: Bool
    ) {
        visitor.visit(folder: folder, depth: depth)
        let component = components[depth]
        let isLast = depth == folderDepth
        if !isLast, !Self.isPattern(component) {
            expand(from: folder.appending(component), depth: depth + 1, &visitor, withRotated)
            return
        }
        let names: [FilePath.Component]
        do throws(FileError) {
            names = try Self.names(in: folder)
        } catch {
            visitor.cannotRead(folder: folder, error)
            return
        }
        for name in names {
            let matches = Self.matches(name, component)
            if !isLast {
                let path = folder.appending(name)
                if matches, Self.isFolder(path) {
                    expand(from: path, depth: depth + 1, &visitor, withRotated)
                }
            } else if matches || withRotated && isRotated(name) {
                visitor.visit(path: folder.appending(name), matches: matches)
            }
        }
    }

    /// Whether a whole path matches.
    package func matches(path: FilePath) -> Bool {
        let names = Array(path.components)
        return names.count == components.count
            && names.indices.allSatisfy { matches(name: names[$0], depth: $0) }
    }

    /// Whether a name in one of the last folders matches.
    package func matches(name: FilePath.Component) -> Bool {
        matches(name: name, depth: folderDepth)
    }

    /// Whether a name matches in a folder that so many components lead to.
    package func matches(name: FilePath.Component, depth: Int) -> Bool {
        Self.matches(name, components[depth])
    }

    /// Whether a name is what rotation makes of one that matches: with a suffix behind a dot or a
    /// hyphen. Compressed ones are none: they are not read on.
    package func isRotated(_ name: FilePath.Component) -> Bool {
        let bytes = name.bytes
        guard !bytes.hasSuffix(".gz"), !bytes.hasSuffix(".zst"), !bytes.hasSuffix(".xz"),
            !bytes.hasSuffix(".bz2")
        else { return false }
        return bytes.indices.dropFirst().contains { index in
            guard bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: "-"),
                let front = FilePath.Component(bytes: bytes[..<index])
            else { return false }
            return matches(name: front)
        }
    }

    // MARK: - Parts

    private static func isPattern(_ component: FilePath.Component) -> Bool {
        component.bytes.contains { "*?[\\".utf8.contains($0) }
    }

    private static func matches(
        _ name: FilePath.Component, _ pattern: FilePath.Component
    ) -> Bool {
        // A dot in front is matched by a dot only: hidden files are somebody's work in progress.
        unsafe name.withPlatformString { name in
            unsafe pattern.withPlatformString { unsafe fnmatch($0, name, FNM_PERIOD) == 0 }
        }
    }

    private static func isFolder(_ path: FilePath) -> Bool {
        var status = stat()
        return unsafe path.withPlatformString { unsafe stat($0, &status) } == 0
            && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a folder, in the order of their bytes.
    private static func names(in folder: FilePath) throws(FileError) -> [FilePath.Component] {
        guard let directory = unsafe folder.withPlatformString({ unsafe opendir($0) }) else {
            throw FileError("opendir", folder.shown)
        }
        defer { unsafe closedir(directory) }
        var names: [FilePath.Component] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe Array(bytes.prefix { $0 != 0 })
            }
            if name == Array(".".utf8) || name == Array("..".utf8) { continue }
            if let component = FilePath.Component(bytes: name[...]) { names.append(component) }
        }
        return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }
}

extension FilePath.Component {
    /// Its bytes, whatever they are.
    package var bytes: [UInt8] {
        unsafe withPlatformString { name in
            unsafe Array(UnsafeBufferPointer(start: name, count: strlen(name))).map {
                UInt8(bitPattern: $0)
            }
        }
    }

    /// `nil` for bytes that are no name.
    package init?(bytes: ArraySlice<UInt8>) {
        var text = bytes.map { CChar(bitPattern: $0) }
        text.append(0)
        self.init(platformString: text)
    }
}

extension FilePath {
    /// As it can be shown on a terminal and in one line of a log.
    package var shown: String {
        let bytes = unsafe withPlatformString { path in
            unsafe Array(UnsafeBufferPointer(start: path, count: strlen(path))).map {
                UInt8(bitPattern: $0)
            }
        }
        return visibleName(bytes)
    }

    /// Without the last component; the root's is the root.
    package var folder: FilePath { removingLastComponent() }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: String) -> Bool {
        suffix(text.utf8.count).elementsEqual(text.utf8)
    }
}
