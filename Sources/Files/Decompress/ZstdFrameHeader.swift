/// What a frame's header says of its window (RFC 8878, 3.1.1.1). libzstd decides what is accepted;
/// this is for the message when it refuses.
enum ZstdFrameHeader {
    /// Magic number, descriptor, window, dictionary and content size at their longest.
    static let bytesMax = 4 + 1 + 1 + 4 + 8

    /// Bytes of window that the frame needs; `nil` when the header is not all there.
    static func windowBytes(_ header: Span<UInt8>) -> UInt64? {
        guard header.count > 5 else { return nil }
        let descriptor = header[4]
        let isSingleSegment = descriptor & 0x20 != 0
        if isSingleSegment { return contentBytes(header, descriptor) }
        let base = UInt64(1) << (10 + UInt64(header[5] >> 3))
        return base + base / 8 * UInt64(header[5] & 7)
    }

    /// The window of a frame that is one segment is its whole content.
    private static func contentBytes(_ header: Span<UInt8>, _ descriptor: UInt8) -> UInt64? {
        let dictionarySize = [0, 1, 2, 4][Int(descriptor & 3)]
        let size = 1 << Int(descriptor >> 6)
        let start = 5 + dictionarySize
        guard header.count >= start + size else { return nil }
        var content: UInt64 = 0
        for index in 0..<size { content |= UInt64(header[start + index]) << UInt64(8 * index) }
        return size == 2 ? content + 256 : content
    }
}
