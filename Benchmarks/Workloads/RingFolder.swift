import Glibc
import Ring

/// A ring in a folder of its own, which goes away with it; in memory, where there is such a place.
final class RingFolder {
    let ring: Ring
    private let folder: String

    private static let capacity = 16 << 20

    init() throws {
        let parent = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/sluice-workload.XXXXXX".utf8CString)
        folder = unsafe template.withUnsafeMutableBufferPointer { name in
            unsafe String(cString: mkdtemp(name.baseAddress!))
        }
        do {
            ring = try Ring.open(
                RingConfiguration(
                    path: folder + "/ring", capacity: Self.capacity, overflow: .dropNewest)
            ).ring
        } catch {
            Self.remove(folder)
            throw error
        }
    }

    deinit {
        try? ring.close()
        Self.remove(folder)
    }

    private static func remove(_ folder: String) {
        unsafe unlink(folder + "/ring")
        unsafe rmdir(folder)
    }
}
