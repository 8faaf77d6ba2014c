import Files
import Glibc
import SystemPackage

/// Why a file on the command line cannot be loaded; one line.
package struct ImportError: Error, CustomStringConvertible {
    package let description: String
    /// Of sysexits(3).
    package let exitCode: Int32
}

/// A file on the command line, opened; closed with the last reference.
final class ImportSource {
    /// As it was given.
    let name: String
    let descriptor: Int32
    /// That of no file for what can be read once only.
    let identity: FileIdentity
    /// Bytes on the disk; `nil` for what can be read once only.
    let size: UInt64?

    /// - Parameter name: a path, or `-` for standard input.
    init(_ name: String) throws(ImportError) {
        self.name = name
        let number =
            name == "-"
            ? dup(STDIN_FILENO) : unsafe open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard number >= 0 else { throw Self.failure(FileError("open", name), name) }
        var status = stat()
        let code = unsafe fstat(number, &status) == 0 ? 0 : errno
        let kind = status.st_mode & S_IFMT
        guard code == 0, kind != S_IFDIR else {
            close(number)
            throw Self.failure(FileError("open", name, code: code == 0 ? EISDIR : code), name)
        }
        let isFile = kind == S_IFREG
        descriptor = number
        identity =
            isFile
            ? FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) : .stream
        size = isFile ? UInt64(status.st_size) : nil
    }

    deinit { close(descriptor) }

    /// Where it is, free of links; `nil` when nobody can say.
    var path: FilePath? {
        guard let real = unsafe realpath(name, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe FilePath(platformString: real)
    }

    /// What is in it.
    func content() throws(ImportError) -> ContentReader {
        do throws(FileError) {
            return try ContentReader(descriptor, name: name, isFile: size != nil)
        } catch {
            throw Self.failure(error, name)
        }
    }

    func skip(_ content: ContentReader, to offset: UInt64) throws(ImportError) {
        do throws(FileError) {
            try content.skip(to: offset)
        } catch {
            throw Self.failure(error, name)
        }
    }

    /// The first bytes, as far as a fingerprint may cover them.
    func firstBytes() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: FileFingerprint.bytesMax)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { target in
                unsafe pread(
                    descriptor, target.baseAddress! + done, target.count - done, off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            done += count
        }
        bytes.removeLast(bytes.count - done)
        return bytes
    }

    /// The error of a call, with the name that the person knows.
    static func failure(_ error: FileError, _ name: String) -> ImportError {
        let named = FileError(error.operation, visibleName(name.utf8), code: error.code)
        return ImportError(description: named.description, exitCode: EX_NOINPUT)
    }
}
