/// What stands behind a payload.
package enum PayloadEnd: Sendable {
    /// Nothing is missing: its end ends the last line.
    case clean
    /// It is a file's last bytes: a last line without line end counts if it is whole, and is
    /// `truncated` if it breaks off.
    case endOfFile
    /// The stream broke off: a last line without line end is `truncated`.
    case broken

    var blockEnd: BlockEnd {
        switch self {
        case .clean: .clean
        case .endOfFile: .endOfFile
        case .broken: .aborted
        }
    }
}

/// Decodes whole payloads: a datagram, or a block that ends where a line ends.
///
/// Nothing is allocated per line or payload. Line numbers run on while one payload is decoded in
/// several calls, and begin anew at offset 0.
package struct Decoder {
    private var walker: LineWalker

    /// - Parameters:
    ///   - lineBytesMax: the longest logical line, in bytes without its line end.
    ///   - predictsLayout: whether a line is first taken for one of the last line's layout; the
    ///     results are the same, and tests compare them.
    package init(lineBytesMax: Int = Limits.lineBytesDefault, predictsLayout: Bool = true) {
        walker = LineWalker(lineBytesMax: lineBytesMax, predictsLayout: predictsLayout)
    }

    /// Decodes lines from `offset` on into `batch`, whose former content goes away.
    ///
    /// - Parameters:
    ///   - offset: 0, or what the last call for the same payload returned.
    ///   - isContinuation: whether the payload goes on where another one ended, so that a byte
    ///     order mark at its start is not one.
    ///   - end: what a last line without line end is.
    /// - Returns: the offset of the first byte that is still to be decoded: less than the
    ///   payload's size when the batch was full.
    package mutating func decode(
        _ payload: UnsafeRawBufferPointer, from offset: Int = 0, precision: Precision,
        isContinuation: Bool = false, end: PayloadEnd = .clean, into batch: inout DecodedBatch
    ) -> Int {
        precondition(offset >= 0 && offset <= payload.count)
        batch.removeAll()
        guard let base = unsafe payload.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return 0
        }
        var start = offset
        if offset == 0 {
            walker.restart()
            if !isContinuation, case .present = unsafe byteOrderMark(base, payload.count) {
                start = byteOrderMarkBytes
            }
        }
        let block = unsafe LineWalker.Block(
            base: base, count: payload.count, end: end.blockEnd,
            unitNanoseconds: precision.unitNanoseconds)
        return walker.walk(block, from: start, into: &batch)
    }
}

/// Bytes of the UTF-8 byte order mark.
let byteOrderMarkBytes = 3

/// What can be said about a byte order mark at the start of some bytes.
enum ByteOrderMark {
    case present, absent
    /// The bytes are its beginning, and there are no more.
    case undecided
}

/// Looks for EF BB BF.
func byteOrderMark(_ base: UnsafePointer<UInt8>, _ count: Int) -> ByteOrderMark {
    for index in 0..<byteOrderMarkBytes {
        if index == count { return .undecided }
        let expected: UInt8 = index == 0 ? 0xef : index == 1 ? 0xbb : 0xbf
        if unsafe base[index] != expected { return .absent }
    }
    return .present
}
