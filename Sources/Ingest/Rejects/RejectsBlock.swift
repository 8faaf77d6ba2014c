import Ring

/// What the refused lines of one batch begin with in their file:
/// `# batch ring=<32 digits> end=<20 digits> lines=<20 digits> bytes=<20 digits>`.
///
/// The figures stand in fixed places, so that they can be filled in at the batch's end. Until then
/// they are zeros, and the block does not count.
struct RejectsBlock: Equatable {
    /// Where its first line begins in the file.
    var offset: Int
    var ring: RingIdentity
    /// The batch's end in the ring: the block holds when the database has that position.
    var end: UInt64
    /// Refused lines.
    var lines: UInt64
    /// Bytes behind its first line.
    var bytes: Int

    static let start: StaticString = "# batch ring="
    private static let endMark: StaticString = " end="
    private static let linesMark: StaticString = " lines="
    private static let bytesMark: StaticString = " bytes="
    private static let ringDigits = 32
    static let digits = 20
    static let endOffset = 13 + ringDigits + 5
    static let linesOffset = endOffset + digits + 7
    static let bytesOffset = linesOffset + digits + 7
    /// Bytes of the first line.
    static let headerBytes = bytesOffset + digits + 1

    /// Where the next block begins.
    var next: Int { offset + Self.headerBytes + bytes }

    /// Appends the first line with zeros for figures.
    static func appendHeader(ring: [UInt8], to buffer: inout RejectsBuffer) {
        precondition(ring.count == ringDigits)
        buffer.append(start)
        buffer.append(ring)
        for mark in [endMark, linesMark, bytesMark] {
            buffer.append(mark)
            buffer.append(decimal: 0, width: digits)
        }
        buffer.append(UInt8(ascii: "\n"))
    }

    /// Fills the figures into a first line that begins at the buffer's start.
    func fill(_ buffer: inout RejectsBuffer) {
        buffer.replace(at: Self.endOffset, width: Self.digits, with: end)
        buffer.replace(at: Self.linesOffset, width: Self.digits, with: lines)
        buffer.replace(at: Self.bytesOffset, width: Self.digits, with: UInt64(bytes))
    }

    /// Reads a first line.
    ///
    /// - Returns: nil when it is none, whatever stands there.
    init?(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        guard bytes.count == Self.headerBytes, bytes.last == UInt8(ascii: "\n") else { return nil }
        let base = bytes.startIndex
        let marks = [
            (0, Self.start), (Self.endOffset - 5, Self.endMark),
            (Self.linesOffset - 7, Self.linesMark), (Self.bytesOffset - 7, Self.bytesMark),
        ]
        guard marks.allSatisfy({ bytes.dropFirst($0).starts(with: Array("\($1)".utf8)) }),
            let ring = RingIdentity(hexadecimal: bytes[(base + 13)..<(base + 13 + 32)]),
            let end = UInt64(digits: bytes.dropFirst(Self.endOffset).prefix(Self.digits)),
            let lines = UInt64(digits: bytes.dropFirst(Self.linesOffset).prefix(Self.digits)),
            let count = Int(digits: bytes.dropFirst(Self.bytesOffset).prefix(Self.digits))
        else { return nil }
        self.init(offset: offset, ring: ring, end: end, lines: lines, bytes: count)
    }

    init(offset: Int, ring: RingIdentity, end: UInt64, lines: UInt64, bytes: Int) {
        self.offset = offset
        self.ring = ring
        self.end = end
        self.lines = lines
        self.bytes = bytes
    }
}

extension RingIdentity {
    /// From the 32 digits of its description.
    init?(hexadecimal text: ArraySlice<UInt8>) {
        var words: [UInt64] = [0, 0]
        var count = 0
        for byte in text {
            guard count < 32, let digit = hexadecimalValue(byte) else { return nil }
            // Two digits make a byte, the higher one first; bytes go up from the lowest.
            let shift = count / 2 % 8 * 8 + (count % 2 == 0 ? 4 : 0)
            words[count / 16] |= UInt64(digit) << shift
            count += 1
        }
        guard count == 32 else { return nil }
        self.init(low: words[0], high: words[1])
    }
}

/// The value of one hexadecimal digit in lower case.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
}
