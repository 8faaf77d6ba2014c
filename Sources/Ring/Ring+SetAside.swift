import CLinux
import Glibc

extension RingError {
    /// Whether this file can never be opened as it is, so that only moving it away helps.
    package var isUnusableFile: Bool { unusableReason != nil }

    /// A word for the name that such a file gets.
    fileprivate var unusableReason: String? {
        switch self {
        case .notARing: "not-a-ring"
        case .unsupportedVersion(_, let version): "version-\(version)"
        case .damagedHeader: "header"
        case .wrongSize: "size"
        default: nil
        }
    }
}

extension Ring {
    /// Renames a file that is no ring which this program can open, so that a ring can take its
    /// place. Not one byte of it is changed, and nothing is ever overwritten.
    ///
    /// - Returns: its path from now on, `<path>.unusable-<reason>-<time>`; nil when the file is a
    ///   ring.
    /// - Throws: `locked` when somebody has it open; what is no file at all stays where it is.
    package static func setAside(path: String) throws(RingError) -> String? {
        guard let (descriptor, status) = try RingFile.open(path, .exclusive) else { return nil }
        defer { Glibc.close(descriptor) }
        do throws(RingError) {
            _ = try RingFile.readSuperblock(descriptor, path, fileBytes: Int(status.st_size))
            return nil
        } catch {
            guard let reason = error.unusableReason else { throw error }
            let name = "\(path).unusable-\(reason)-\(compactTime(nowInNanoseconds()))"
            let aside = try RingFile.rename(path, toFreeName: name)
            try RingFile.synchroniseDirectory(of: path)
            return aside
        }
    }
}

/// UTC to the second, without characters that file names dislike: `20260131T120000Z`.
private func compactTime(_ nanoseconds: Int64) -> String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    func digits(_ value: Int32, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let day = unsafe [(parts.tm_year + 1900, 4), (parts.tm_mon + 1, 2), (parts.tm_mday, 2)]
    let time = unsafe [(parts.tm_hour, 2), (parts.tm_min, 2), (parts.tm_sec, 2)]
    return day.map(digits).joined() + "T" + time.map(digits).joined() + "Z"
}
