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
    @safe  // Its memory is the layout's.
    struct Segment {
        /// The last one to eight of them, and where these count.
        var word: UInt64 = 0
        var mask: UInt64 = 0
        var bytes: UnsafeRawPointer
        var count: Int32 = 0
        /// How many of them stand in front of `word`: whole words.
        var wholeWordBytes: Int32 = 0
        var kind = ItemKind.tag
        /// How long the key is, and the kind.
        var itemShape = ItemShape(keyCount: 0, .tag)
        /// Where the key begins, counted from the value: below 0.
        var keyOffset = 0
        /// The byte behind the value.
        var following: UInt8 = 0
    }

    /// What all lines of a layout have in common.
    @safe  // Its memory is the layout's, and read within the bounds that `learn` keeps.
    struct Shape {
        /// One segment per item; one more stands in front of the timestamp.
        let segments: UnsafeMutablePointer<Segment>
        let bytes: UnsafeMutablePointer<UInt8>
        /// 0 as long as nothing is predicted.
        fileprivate(set) var itemCount = 0
        fileprivate(set) var tagCount = 0
        fileprivate(set) var measurementOffset = 0
        fileprivate(set) var measurementCount = 0
        fileprivate(set) var timestamp = TimestampShape()
        /// Another one, other than 0, for each layout that was ever predicted.
        fileprivate(set) var number: UInt32 = 0
    }

    private(set) var shape: Shape
    /// Of the last predicted line's timestamp.
    var timestampHead = EightDigits()
    /// Of the lines of late, where their values keep their lengths.
    private(set) var form = LineForm()
    private(set) var steadiness = FormSteadiness(at: 0)
    /// All lines that were ever predicted.
    private(set) var lineCount: UInt64 = 0
    /// Falls with each line that was not predicted, rises with each that was; below 0 it is time
    /// for another layout. So lines that alternate between two shapes keep one of them.
    private var credit = 0
    private static let creditMax = 8
    /// The credit of the next layout. It doubles with each one that was of no use, so that a
    /// source without a steady shape costs nothing.
    private var creditNext = 1
    private static let creditNextMax = 64

    init() {
        unsafe shape = Shape(
            segments: .allocate(capacity: Layout.itemsMax + 1),
            bytes: .allocate(capacity: Layout.bytesMax))
        unsafe shape.bytes.initialize(repeating: 0, count: Layout.bytesMax)
    }

    deinit {
        unsafe shape.segments.deallocate()
        unsafe shape.bytes.deallocate()
        form.deallocate()
    }

    /// Bytes of memory that a layout takes.
    static let byteCount =
        bytesMax + (itemsMax + 1) * MemoryLayout<Segment>.stride + LineForm.byteCount

    /// The layout was of use to so many lines.
    @inline(__always)
    mutating func predicted(_ lines: Int) {
        lineCount &+= UInt64(lines)
        credit = min(credit &+ lines, Layout.creditMax)
        creditNext = 1
    }

    /// Learns the shape of a line that was not predicted, if it is simple enough and time for it.
    @inline(__always)
    mutating func missed(_ line: DecodedLine, _ items: UnsafePointer<Item>) {
        credit &-= 1
        if credit < 0 { unsafe learn(line, items) }
    }

    /// A line of this layout has not the known form, if one is known.
    ///
    /// - Parameter ordinal: how many lines were predicted before it.
    @inline(never)
    mutating func changedForm(
        _ line: DecodedLine, _ items: UnsafePointer<Item>, ordinal: UInt64
    ) {
        form.forget()
        guard steadiness.isWorthChanging(at: ordinal) else { return }
        let digitCount = shape.timestamp.digitCount
        unsafe form.learn(
            line, items, timestampOffset: Int(line.raw.count) - digitCount,
            Tables.shared.powersOfTen)
        if form.lineBytes == 0 { steadiness.keepQuiet(at: ordinal) }
    }

    @inline(never)
    private mutating func learn(_ line: DecodedLine, _ items: UnsafePointer<Item>) {
        form.forget()
        steadiness = FormSteadiness(at: lineCount)
        credit = creditNext
        creditNext = min(creditNext * 2, Layout.creditNextMax)
        shape.itemCount = 0
        let count = Int(line.tagCount + line.fieldCount)
        guard count <= Layout.itemsMax, line.raw.count <= Layout.bytesMax else { return }
        var end = 0
        for index in 0..<count {
            let item = unsafe items[index]
            guard let text = position(of: item.text, in: line.raw),
                let key = position(of: item.key, in: line.raw), key >= end, text > key,
                item.kind != .bool
            else { return }
            var segment = unsafe Segment(line.raw, from: end, to: text, of: shape.bytes)
            segment.kind = item.kind
            segment.itemShape = ItemShape(keyCount: item.key.count, item.kind)
            segment.keyOffset = key - text
            end = text + Int(item.text.count)
            segment.following = end < line.raw.count ? line.raw[end] : 0
            unsafe shape.segments[index] = segment
        }
        guard let measurement = position(of: line.measurement, in: line.raw),
            let timestamp = timestampStart(line, after: end)
        else { return }
        unsafe shape.segments[count] = Segment(line.raw, from: end, to: timestamp, of: shape.bytes)
        unsafe shape.bytes.update(from: line.raw.base, count: timestamp)
        shape.timestamp = TimestampShape(digitCount: digitCount(line.raw, timestamp))
        guard line.hasTimestamp == (shape.timestamp.digitCount > 0) else { return }
        shape.measurementOffset = measurement
        shape.measurementCount = Int(line.measurement.count)
        shape.tagCount = Int(line.tagCount)
        shape.number = shape.number == .max ? 1 : shape.number + 1
        shape.itemCount = count
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

    /// How many digits a timestamp has; 0 when it is not one that can be predicted.
    private func digitCount(_ raw: ByteSlice, _ start: Int) -> Int {
        var position = start
        while position < raw.count, raw[position] &- Byte.zero <= 9 { position += 1 }
        return TimestampShape.digitCounts.contains(position - start) ? position - start : 0
    }
}

extension Layout.Segment {
    /// The bytes of `raw` from `start` up to `end`, which stand at the same place in `bytes`.
    fileprivate init(
        _ raw: ByteSlice, from start: Int, to end: Int, of bytes: UnsafeMutablePointer<UInt8>
    ) {
        unsafe self.bytes = UnsafeRawPointer(bytes + start)
        count = Int32(end - start)
        guard end > start else { return }
        wholeWordBytes = (count - 1) / Int32(wordBytes) * Int32(wordBytes)
        for (place, index) in (start + Int(wholeWordBytes)..<end).enumerated() {
            word |= UInt64(raw[index]) << UInt64(8 * place)
            mask |= 0xff << UInt64(8 * place)
        }
    }
}

/// How a layout's timestamps are read: all of them have as many digits.
struct TimestampShape {
    /// Fewer than a word's, and they are not predicted.
    static let digitCounts = wordBytes...19

    /// 0 when there is none.
    var digitCount = 0
    /// Digits behind the last whole word, in a word that ends with them: their places, and 10 to
    /// their number.
    var restMask: UInt64 = 0
    var restScale: UInt64 = 1

    init(digitCount: Int = 0) {
        self.digitCount = digitCount
        for place in 0..<digitCount % wordBytes {
            restMask |= 0x0f << UInt64(8 * (wordBytes - 1 - place))
            restScale *= 10
        }
    }
}
