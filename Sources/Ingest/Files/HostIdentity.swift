import Glibc

/// Whose files are meant: device and inode numbers say something on one machine only, and several
/// may write into one database.
enum HostIdentity {
    /// As a UUID, made from this machine's identifier, machine-id(5), which itself is not to be shown
    /// to others. The same for every program on the machine; all zeros where it has none.
    static let current = text(of: read("/etc/machine-id"))

    static func text(of identifier: [UInt8]) -> String {
        guard !identifier.isEmpty else { return "00000000-0000-0000-0000-000000000000" }
        let halves = [Array("files of machine ".utf8), Array("sluice files of ".utf8)].map { salt in
            unsafe (salt + identifier).withUnsafeBytes { unsafe FileFingerprint(of: $0).hash }
        }
        let digits = halves.map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }.joined()
        var uuid = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { uuid += "-" }
            uuid.append(digit)
        }
        return uuid
    }

    private static func read(_ path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        // 32 hexadecimal digits and a line feed.
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        }
        return count == bytes.count ? bytes : []
    }
}
