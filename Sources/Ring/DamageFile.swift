import CLinux
import Glibc

/// A file beside the ring for the bytes of one damaged stretch.
@safe
struct DamageFile {
    // Safe: lives no longer than the mapping that its bytes lie in.
    /// How many names are tried for different bytes of the same place.
    private static let nameCountMax = 1000

    let first: UnsafeRawBufferPointer
    /// What goes around the end of the area; mostly empty.
    let second: UnsafeRawBufferPointer

    /// Puts the bytes aside, on the disk when this returns. What was put aside before is never
    /// overwritten; the same bytes are kept once, however often a start was interrupted.
    ///
    /// - Parameter name: the wished path; another one gets a number behind it.
    func write(_ name: String) throws(RingError) {
        let temporary = name + ".writing"
        do throws(RingError) {
            try unsafe RingFile.write(first, second, to: temporary)
            try settle(temporary, name)
        } catch {
            unsafe _ = unlink(temporary)
            throw error
        }
        try RingFile.synchroniseDirectory(of: name)
    }

    private func settle(_ temporary: String, _ name: String) throws(RingError) {
        for number in 1...Self.nameCountMax {
            let path = number == 1 ? name : "\(name)-\(number)"
            if unsafe clinux_rename_new(temporary, path) == 0 { return }
            guard errno == EEXIST else {
                throw .system(operation: "rename", path: path, code: errno)
            }
            if isSame(path) {
                unsafe _ = unlink(temporary)
                return
            }
        }
        throw .system(operation: "rename", path: name, code: EEXIST)
    }

    private func isSame(_ path: String) -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            unsafe Int(status.st_size) == first.count + second.count
        else { return false }
        return unsafe holds(descriptor, first) && holds(descriptor, second)
    }

    private func holds(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var piece: [UInt8] = Array(repeating: 0, count: 1 << 16)
        var done = 0
        while done < bytes.count {
            let wanted = min(piece.count, bytes.count - done)
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, wanted)
            }
            guard count > 0,
                unsafe memcmp(piece, bytes.baseAddress! + done, count) == 0
            else { return false }
            done += count
        }
        return true
    }
}
