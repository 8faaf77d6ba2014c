/// How a file's content is packed, told by its first bytes and never by its name.
package enum ContentFormat: Sendable, Equatable {
    case plain
    /// RFC 1952.
    case gzip
    /// RFC 8878.
    case zstd

    /// Bytes that are enough to tell.
    package static let byteCount = 4

    /// - Parameter first: the file's first bytes; fewer than `byteCount` only if it has no more.
    package init(of first: UnsafeRawBufferPointer) {
        guard first.count >= Self.byteCount else {
            self = .plain
            return
        }
        let magic = unsafe UInt32(
            littleEndian: first.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        switch magic {
        // Two bytes of identification, and 8 for deflate, the only method there is.
        case _ where magic & 0xff_ffff == 0x08_8b1f: self = .gzip
        // A frame, or a skippable one in front of it.
        case 0xfd2f_b528, 0x184d_2a50...0x184d_2a5f: self = .zstd
        default: self = .plain
        }
    }
}

/// Where and why packed content could not be read to the file's end.
package struct ContentFault: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        /// The file ends within a member or frame.
        case cutOff
        /// Something in it is not as it was written.
        case corrupt(String)
        /// Other bytes follow the last whole member or frame.
        case garbage
        /// It needs more memory than it may take.
        case window(limit: Int)
    }

    package let kind: Kind
    /// The byte of the file at which that was noticed.
    package let offset: UInt64

    package init(_ kind: Kind, at offset: UInt64) {
        self.kind = kind
        self.offset = offset
    }

    /// Whether a last line without line end may be only a part of one.
    package var breaksLine: Bool { kind != .garbage }

    package var description: String {
        switch kind {
        case .cutOff: "the compressed file is cut off at byte \(offset)"
        case .corrupt(let reason): "the compressed file is damaged at byte \(offset) (\(reason))"
        case .garbage: "bytes that are not compressed follow at byte \(offset)"
        case .window(let limit):
            "the compressed file needs a window of more than \(limit >> 20) MiB; pack it again with"
                + " zstd --long=\(limit.trailingZeroBitCount) or less"
        }
    }
}
