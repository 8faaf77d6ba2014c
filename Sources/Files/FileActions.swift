import Glibc
package import SystemPackage

/// Removes a name.
package func removeFile(_ path: FilePath) throws(FileError) {
    guard unsafe path.withPlatformString({ unsafe unlink($0) }) == 0 else {
        throw FileError("unlink", path.shown)
    }
}

/// Gives a file its name in another folder of the same file system; where that name is taken, with a
/// number behind it.
package func moveFile(_ path: FilePath, into folder: FilePath) throws(FileError) {
    guard let name = path.lastComponent else { return }
    for number in 0..<movesMax {
        var target = folder.appending(name)
        if number > 0,
            let numbered = FilePath.Component(bytes: (name.bytes + Array(".\(number)".utf8))[...])
        {
            target = folder.appending(numbered)
        }
        var there = stat()
        if unsafe target.withPlatformString({ unsafe lstat($0, &there) }) == 0 { continue }
        let status = unsafe path.withPlatformString { source in
            unsafe target.withPlatformString { unsafe rename(source, $0) }
        }
        guard status == 0 else { throw FileError("rename", target.shown) }
        return
    }
    throw FileError("rename", folder.appending(name).shown, code: EEXIST)
}

/// Names that are tried.
private let movesMax = 100_000
