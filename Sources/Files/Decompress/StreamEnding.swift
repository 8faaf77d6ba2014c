/// How a stream ended.
package enum StreamEnding: Equatable, Sendable {
    /// All of the file was read, and its checksums are right.
    case complete
    /// What could be read was; then there was a fault.
    case broken(StreamFault)
}

/// What is wrong with a compressed file, and where.
package struct StreamFault: Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        /// The file ends within a member or frame.
        case cutOff
        /// A checksum or the data is wrong, in the library's words.
        case corrupt(String)
        /// Something else follows the last complete member or frame.
        case garbage
        /// A zstd frame needs more memory than `FilesLimits.zstdWindowBytesMax`.
        case windowTooLarge(bytes: UInt64?)
        /// A zstd frame was made with a dictionary.
        case needsDictionary
    }

    package let kind: Kind
    package let format: CompressedFormat
    /// Raw bytes before the place where the fault was found.
    package let offset: Int
    /// Raw bytes before the member or frame with the fault, or before the garbage.
    package let memberOffset: Int

    /// One line, without the file's name.
    package var description: String {
        switch kind {
        case .cutOff:
            "the file is cut off: it ends at byte \(offset), within the \(member); "
                + "get the whole file"
        case .corrupt(let reason):
            "damaged at byte \(offset), in the \(member): \(reason); get an undamaged copy"
        case .garbage:
            "what follows at byte \(offset) is not \(format.rawValue); "
                + "look whether something was appended by mistake"
        case .windowTooLarge(let bytes):
            "the \(member) needs a window of \(bytes.map(sizeText) ?? "unknown size"), the limit "
                + "is \(sizeText(UInt64(FilesLimits.zstdWindowBytesMax))); compress it with "
                + "--long=\(FilesLimits.zstdWindowLogMax) or at level 19, or decompress it before"
        case .needsDictionary:
            "the \(member) needs a dictionary; decompress it before, with zstd -d -D"
        }
    }

    private var member: String {
        let unit = format == .zstd ? "frame" : "member"
        return "\(format.rawValue) \(unit) that begins at byte \(memberOffset)"
    }
}

/// In the largest unit that leaves nothing over.
private func sizeText(_ bytes: UInt64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] as [(UInt64, String)]
    where bytes >> shift > 0 && bytes % (1 << shift) == 0 {
        return "\(bytes >> shift) \(unit)"
    }
    return "\(bytes) bytes"
}
