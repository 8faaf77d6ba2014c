/// How a file stands in the column `source` of `sluice_progress`:
/// `file:DEVICE:INODE:LENGTH:HASH`, and for a stripe `:BASE+INDEX/COUNTxBYTES` behind it.
/// DEVICE, INODE, LENGTH, BASE, INDEX, COUNT and BYTES are decimal, HASH is 16 hexadecimal digits.
extension FileKey {
    /// What every file's text begins with.
    package static let textPrefix = "file:"

    package var text: String {
        let hash = String(fingerprint.hash, radix: 16)
        let zeros = String(repeating: "0", count: 16 - hash.utf8.count)
        let whole =
            "\(Self.textPrefix)\(identity.device):\(identity.inode):\(fingerprint.length):\(zeros)\(hash)"
        guard let stripe else { return whole }
        return "\(whole):\(stripe.base)+\(stripe.index)/\(stripe.count)x\(stripe.bytes)"
    }

    /// A pattern of LIKE for the texts of a file under whatever fingerprint, and of its stripes.
    static func pattern(_ identity: FileIdentity) -> String {
        "\(textPrefix)\(identity.device):\(identity.inode):%"
    }

    /// Reads what `text` has written; `nil` for anything else.
    package init?(text: String) {
        guard text.hasPrefix(Self.textPrefix) else { return nil }
        let parts = text.dropFirst(Self.textPrefix.count).split(
            separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4 || parts.count == 5, let device = UInt64(parts[0]),
            let inode = UInt64(parts[1]), let length = UInt32(parts[2]),
            let hash = UInt64(parts[3], radix: 16)
        else { return nil }
        var stripe: FileStripe?
        if parts.count == 5 {
            guard let read = FileStripe(text: parts[4]) else { return nil }
            stripe = read
        }
        self.init(
            FileIdentity(device: device, inode: inode), FileFingerprint(length: length, hash: hash),
            stripe: stripe)
    }
}

extension KnownFile {
    /// A row of `sluice_progress`: its `source` and its `position`; `nil` for what is no file's.
    init?(row: [String?]) {
        guard let key = row[0].flatMap(FileKey.init(text:)),
            let position = row[1].flatMap({ UInt64($0) })
        else { return nil }
        self.init(key, position: position)
    }
}

extension FileStripe {
    fileprivate init?(text: Substring) {
        let numbers = text.split(omittingEmptySubsequences: false) { "+/x".contains($0) }
        guard numbers.count == 4, let base = UInt64(numbers[0]), let index = UInt16(numbers[1]),
            let count = UInt16(numbers[2]), let bytes = UInt32(numbers[3]), index < count, bytes > 0
        else { return nil }
        self.init(base: base, index: index, count: count, bytes: bytes)
    }
}
