import Glibc
import Ring

/// Rings of which nothing stays behind, however the process ends.
enum TemporaryRing {
    private static let capacity = 16 << 20

    /// Makes a ring, in memory where there is such a place. Its file has lost its name already.
    static func open() throws(RingError) -> Ring {
        let parent = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/sluice-workload.XXXXXX".utf8CString)
        let folder = unsafe template.withUnsafeMutableBufferPointer { name in
            unsafe String(cString: mkdtemp(name.baseAddress!))
        }
        defer {
            unsafe unlink(folder + "/ring")
            unsafe rmdir(folder)
        }
        return try Ring.open(
            RingConfiguration(path: folder + "/ring", capacity: capacity, overflow: .dropNewest)
        ).ring
    }
}
