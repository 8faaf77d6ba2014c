/// The shape of the last line: everything but its values, in the order of the line.
///
/// Most lines of a source differ from the one before only in their values. The bytes between the
/// values are compared a word at a time; the first difference sends the line to the scanner.
@safe  // Sole owner of its memory, which `learn` writes within the bounds below.
struct Layout: ~Copyable {
    /// More items or more bytes than this, and a line is not predicted.
    static let itemsMax = 128
    static let bytesMax = 2048

    /// The bytes in front of one value, and what the value is.
    struct Segment {
        var offset = 0
        var count = 0
        /// Where the key lies in these bytes.
        var keyOffset = 0
        var keyCount = 0
        var kind = ItemKind.tag
    }

    /// One segment per item; one more stands in front of the timestamp.
    let segments: UnsafeMutablePointer<Segment>
    let bytes: UnsafeMutablePointer<UInt8>
    /// 0 as long as nothing is predicted.
    private(set) var itemCount = 0
    private(set) var tagCount = 0
    private(set) var measurementOffset = 0
    private(set) var measurementCount = 0
    private(set) var hasTimestamp = false
    /// Another one, other than 0, for each layout that was ever predicted.
    private(set) var number: UInt32 = 0
    /// Of the last predicted line's timestamp.
    var timestampHead = EightDigits()
    /// Falls with each line that was not predicted, rises with each that was; below 0 it is time
    /// for another layout. So lines that alternate between two shapes keep one of them.
    private var credit = 0
    private static let creditMax = 8
    /// The credit of the next layout. It doubles with each one that was of no use, so that a
    /// source without a steady shape costs nothing.
    private var creditNext = 1
    private static let creditNextMax = 64

    init() {
        unsafe segments = .allocate(capacity: Layout.itemsMax + 1)
        // A word may be read from the last byte on.
        unsafe bytes = .allocate(capacity: Layout.bytesMax + 8)
        unsafe bytes.initialize(repeating: 0, count: Layout.bytesMax + 8)
    }

    deinit {
        unsafe segments.deallocate()
        unsafe bytes.deallocate()
    }

    /// Bytes of memory that a layout takes.
    static let byteCount = bytesMax + 8 + (itemsMax + 1) * MemoryLayout<Segment>.stride

    /// The layout was of use.
    @inline(__always)
    mutating func predicted() {
        credit = min(credit &+ 1, Layout.creditMax)
        creditNext = 1
    }

    /// Learns the shape of a line that was not predicted, if it is simple enough and time for it.
    @inline(__always)
    mutating func missed(_ line: DecodedLine, _ items: UnsafePointer<Item>) {
        credit &-= 1
        if credit < 0 { unsafe learn(line, items) }
    }

    @inline(never)
    private mutating func learn(_ line: DecodedLine, _ items: UnsafePointer<Item>) {
        credit = creditNext
        creditNext = min(creditNext * 2, Layout.creditNextMax)
        itemCount = 0
        let count = Int(line.tagCount + line.fieldCount)
        guard count <= Layout.itemsMax, line.raw.count <= Layout.bytesMax else { return }
        var end = 0
        for index in 0..<count {
            let item = unsafe items[index]
            guard let text = position(of: item.text, in: line.raw),
                let key = position(of: item.key, in: line.raw), key >= end, text > key,
                item.kind != .bool
            else { return }
            unsafe segments[index] = Segment(
                offset: end, count: text - end, keyOffset: key - end,
                keyCount: Int(item.key.count), kind: item.kind)
            end = text + Int(item.text.count)
        }
        guard let measurement = position(of: line.measurement, in: line.raw),
            let timestamp = timestampStart(line, after: end)
        else { return }
        unsafe segments[count] = Segment(offset: end, count: timestamp - end)
        unsafe bytes.update(from: line.raw.base, count: timestamp)
        measurementOffset = measurement
        measurementCount = Int(line.measurement.count)
        hasTimestamp = line.hasTimestamp
        tagCount = Int(line.tagCount)
        itemCount = count
        number = number == .max ? 1 : number + 1
    }

    /// Where `slice` lies in `raw`; nil for unescaped text, which lies in scratch memory.
    private func position(of slice: ByteSlice, in raw: ByteSlice) -> Int? {
        let distance = unsafe raw.base.distance(to: slice.base)
        return distance >= 0 && distance + Int(slice.count) <= raw.count ? distance : nil
    }

    /// Where the timestamp's digits begin, or the line ends; nil when there is a minus.
    private func timestampStart(_ line: DecodedLine, after end: Int) -> Int? {
        guard line.hasTimestamp else { return Int(line.raw.count) }
        var position = end
        // Behind the last value stand its suffix or closing quote and blanks.
        while line.raw[position] != Byte.space && line.raw[position] != Byte.tab { position += 1 }
        while line.raw[position] == Byte.space || line.raw[position] == Byte.tab { position += 1 }
        return line.raw[position] == Byte.minus ? nil : position
    }
}
