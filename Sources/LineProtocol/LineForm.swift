/// What lines of one layout look like whose values all have the same lengths: which bytes may stand at
/// each place, and where the numbers are.
///
/// Such a line is checked sixteen bytes at a time without a branch, and no value has to wait for the one
/// before it to say where it begins.
@safe  // Its memory is used within the bounds that `learn` keeps; its layout gives it back.
struct LineForm {
    /// Longer lines have no form.
    static let lineBytesMax = 2048
    /// A line with a longer string has none: it would hardly be the same again.
    static let stringBytesMax = 64
    /// A line with a longer number has none. All of these are doubles below 2^52.
    static let digitsMax = 15
    /// What is checked at a time. Shorter lines have no form.
    private typealias Chunk = SIMD16<UInt8>
    private static let chunkBytes = 16
    /// Bytes after which a line that does not match is given up.
    private static let strideBytes = 8 * chunkBytes

    /// Where an item is in the line, and how its value is read.
    struct Value {
        /// The long ones reach into the word before the one that ends with them.
        enum Reading { case text, float, integer, longFloat, longInteger }
        var reading = Reading.text
        /// Bytes from the line's start.
        var keyOffset = 0
        var textOffset = 0
        var endOffset = 0
        var digits = Digits()
        /// In the word before.
        var moreDigits = Digits()
        /// What the digits are divided by, negative for a negative number.
        var divisor = 1.0
        var isNegative = false
        var itemShape = ItemShape(keyCount: 0, .tag)
    }

    /// Which bits of a word are digits: before a point, and all others.
    struct Digits {
        var beforePoint: UInt64 = 0
        var others: UInt64 = 0

        /// The digits in a row: the point is left out, and those before it move up into its place.
        @inline(__always)
        func joined(_ word: UInt64) -> UInt64 { (word & beforePoint) &<< 8 | (word & others) }
    }

    /// Of the bytes that may stand at each place, the lowest one.
    private let lowest: UnsafeMutablePointer<UInt8>
    /// What sets the high bit of a byte's difference from that, when it is added and the byte may not
    /// stand there.
    private let margins: UnsafeMutablePointer<UInt8>
    private let values: UnsafeMutablePointer<Value>
    private(set) var itemCount = 0
    private(set) var timestampOffset = 0
    /// Of the line without its end; 0 when no form is known.
    private(set) var lineBytes = 0

    init() {
        unsafe lowest = .allocate(capacity: LineForm.lineBytesMax)
        unsafe margins = .allocate(capacity: LineForm.lineBytesMax)
        unsafe values = .allocate(capacity: Layout.itemsMax)
        unsafe lowest.initialize(repeating: 0, count: LineForm.lineBytesMax)
        unsafe margins.initialize(repeating: 0, count: LineForm.lineBytesMax)
    }

    func deallocate() {
        unsafe lowest.deallocate()
        unsafe margins.deallocate()
        unsafe values.deallocate()
    }

    /// Bytes of memory that a form takes.
    static let byteCount = 2 * lineBytesMax + Layout.itemsMax * MemoryLayout<Value>.stride

    // MARK: Reading

    /// Whether the `lineBytes` bytes from `line` on have this form, which is known.
    @inline(__always)
    func matches(_ line: UnsafeRawPointer) -> Bool {
        // The last bytes are looked at together with some before them, so that none behind them are.
        let last = lineBytes &- LineForm.chunkBytes
        var wrong = unsafe wrongBytes(line, last)
        var offset = 0
        // Other lines should not cost more the longer this form is.
        while last &- offset > LineForm.strideBytes {
            for _ in 0..<LineForm.strideBytes / LineForm.chunkBytes {
                wrong |= unsafe wrongBytes(line, offset)
                offset &+= LineForm.chunkBytes
            }
            if hasHighBit(wrong) { return false }
        }
        while offset < last {
            wrong |= unsafe wrongBytes(line, offset)
            offset &+= LineForm.chunkBytes
        }
        return !hasHighBit(wrong)
    }

    @inline(__always)
    private func hasHighBit(_ bytes: Chunk) -> Bool {
        let halves = unsafe unsafeBitCast(bytes, to: SIMD2<UInt64>.self)
        return (halves.x | halves.y) & highBits != 0
    }

    /// Has the high bit of each byte that may not stand where it does.
    @inline(__always)
    private func wrongBytes(_ line: UnsafeRawPointer, _ offset: Int) -> Chunk {
        let bytes = unsafe line.loadUnaligned(fromByteOffset: offset, as: Chunk.self)
        let lowest = unsafe UnsafeRawPointer(self.lowest).loadUnaligned(
            fromByteOffset: offset, as: Chunk.self)
        let margins = unsafe UnsafeRawPointer(self.margins).loadUnaligned(
            fromByteOffset: offset, as: Chunk.self)
        let differences = bytes ^ lowest
        return (differences &+ margins) | differences
    }

    /// Reads the items of a line that has this form.
    @inline(__always)
    func read(_ line: UnsafeRawPointer, into items: UnsafeMutablePointer<Item>) {
        for index in 0..<itemCount {
            let value = unsafe UnsafePointer(values + index)
            unsafe (items + index).initialize(
                to: Item(
                    keyBase: (line + value.pointee.keyOffset)
                        .assumingMemoryBound(to: UInt8.self),
                    textBase: (line + value.pointee.textOffset)
                        .assumingMemoryBound(to: UInt8.self),
                    bits: bits(of: value, line), value.pointee.itemShape))
        }
    }

    /// The bits of an item of a line.
    @inline(__always)
    private func bits(of value: UnsafePointer<Value>, _ line: UnsafeRawPointer) -> UInt64 {
        let reading = unsafe value.pointee.reading
        if _fastPath(reading == .float) {
            return unsafe (wholeDouble(shortNumber(value, line)) / value.pointee.divisor).bitPattern
        }
        return reading == .text ? 0 : unsafe bitsOfOther(value, line)
    }

    /// Of what is neither a text nor a short float. By itself, for it would take registers from these.
    @inline(never)
    private func bitsOfOther(_ value: UnsafePointer<Value>, _ line: UnsafeRawPointer) -> UInt64 {
        let isShort = unsafe value.pointee.reading == .integer
        let number = unsafe isShort ? shortNumber(value, line) : longNumber(value, line)
        if unsafe value.pointee.reading == .longFloat {
            return unsafe (wholeDouble(number) / value.pointee.divisor).bitPattern
        }
        return unsafe value.pointee.isNegative ? 0 &- number : number
    }

    /// The number that the digits of one word are.
    @inline(__always)
    private func shortNumber(_ value: UnsafePointer<Value>, _ line: UnsafeRawPointer) -> UInt64 {
        let word = unsafe wordBefore(line + value.pointee.endOffset)
        return unsafe eightDigitValue(value.pointee.digits.joined(word))
    }

    /// The number that the digits of two words are.
    @inline(__always)
    private func longNumber(_ value: UnsafePointer<Value>, _ line: UnsafeRawPointer) -> UInt64 {
        let end = unsafe line + value.pointee.endOffset
        let (more, word) = unsafe (wordBefore(end - wordBytes), wordBefore(end))
        // The last digit of the first word moves up into the other one, where the point is in that.
        let moved = unsafe (more & value.pointee.moreDigits.beforePoint) &>> 56
        let digits = unsafe value.pointee.digits.joined(word) | moved
        return unsafe eightDigitValue(value.pointee.moreDigits.joined(more)) &* 100_000_000
            &+ eightDigitValue(digits)
    }

    /// The eight bytes that end before `end`, the first in the lowest place.
    @inline(__always)
    private func wordBefore(_ end: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: unsafe (end - wordBytes).loadUnaligned(as: UInt64.self))
    }

    // MARK: Learning

    /// No line has this form.
    mutating func forget() { lineBytes = 0 }

    /// Learns the form of a line. There is none when the line is too short or too long, when a text or
    /// a number is too long, or when a number stands too near to the
    /// line's start for whole words.
    ///
    /// - Parameters:
    ///   - items: the line's, all of which lie in it.
    ///   - timestampOffset: where the timestamp begins, or the line ends.
    @inline(never)
    mutating func learn(
        _ line: DecodedLine, _ items: UnsafePointer<Item>, timestampOffset: Int,
        _ powersOfTen: UnsafePointer<Double>
    ) {
        let raw = line.raw
        lineBytes = 0
        guard LineForm.chunkBytes...LineForm.lineBytesMax ~= Int(raw.count) else { return }
        for offset in 0..<Int(raw.count) { allow(raw[offset], at: offset) }
        for offset in timestampOffset..<Int(raw.count) { allowDigit(at: offset) }
        itemCount = Int(line.tagCount + line.fieldCount)
        for index in 0..<itemCount {
            let item = unsafe items[index]
            var value = Value()
            value.keyOffset = unsafe raw.base.distance(to: item.key.base)
            value.textOffset = unsafe raw.base.distance(to: item.text.base)
            value.itemShape = item.shape
            switch item.kind {
            case .tag: allowTags(like: item.text, at: value.textOffset)
            case .string: guard item.text.count <= LineForm.stringBytesMax else { return }
            // No layout has one: true and false are not of the same length.
            case .bool: return
            case .float, .int, .uint:
                guard unsafe setNumber(item, &value, powersOfTen) else { return }
            }
            unsafe values[index] = value
        }
        self.timestampOffset = timestampOffset
        lineBytes = Int(raw.count)
    }

    /// Allows just this byte.
    private func allow(_ byte: UInt8, at offset: Int) { allow(byte, upTo: 0, at: offset) }

    private func allowDigit(at offset: Int) { allow(Byte.zero, upTo: 9, at: offset) }

    /// Allows the bytes whose exclusive or with `lowest` is not above `most`.
    private func allow(_ lowest: UInt8, upTo most: UInt8, at offset: Int) {
        unsafe self.lowest[offset] = lowest
        unsafe margins[offset] = 0x7f - most
    }

    /// Allows digits in the place of digits, and small and capital letters in theirs.
    private func allowTags(like text: ByteSlice, at start: Int) {
        for index in 0..<Int(text.count) {
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): allowDigit(at: start + index)
            // From 0x60 to 0x7e and from 0x40 to 0x5b nothing ends a tag or has to be escaped.
            case UInt8(ascii: "a")...UInt8(ascii: "z"): allow(0x60, upTo: 0x1e, at: start + index)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): allow(0x40, upTo: 0x1b, at: start + index)
            default: break
            }
        }
    }

    /// Finds out how a number is read from the two words that end with it; false when it cannot be.
    private func setNumber(
        _ item: Item, _ value: inout Value, _ powersOfTen: UnsafePointer<Double>
    ) -> Bool {
        let text = item.text
        value.endOffset = value.textOffset + Int(text.count)
        var digitCount = 0
        var fractionDigits: Int?
        for index in 0..<Int(text.count) {
            let placesBehind = Int(text.count) - 1 - index
            switch text[index] {
            case Byte.minus where index == 0: value.isNegative = true
            case Byte.point where fractionDigits == nil:
                fractionDigits = placesBehind
                value.moreDigits.putPoint()
                value.digits.putPoint()
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                value.moreDigits.putDigit(placesBehind - wordBytes)
                value.digits.putDigit(placesBehind)
                digitCount += 1
                allowDigit(at: value.textOffset + index)
            default: return false
            }
        }
        let placeCount = fractionDigits == nil ? digitCount : digitCount + 1
        let isLong = placeCount > wordBytes
        if item.kind == .float {
            value.reading = isLong ? .longFloat : .float
        } else {
            value.reading = isLong ? .longInteger : .integer
        }
        value.divisor = unsafe powersOfTen[min(fractionDigits ?? 0, LineForm.digitsMax)]
        if value.isNegative { value.divisor = -value.divisor }
        return digitCount <= LineForm.digitsMax && placeCount <= 2 * wordBytes
            && value.endOffset >= (isLong ? 2 : 1) * wordBytes
    }
}

extension LineForm.Digits {
    /// A digit stands so many bytes before the word's end, or outside of it.
    fileprivate mutating func putDigit(_ placesBehind: Int) {
        guard 0..<wordBytes ~= placesBehind else { return }
        others |= 0x0f << UInt64(8 * (wordBytes - 1 - placesBehind))
    }

    /// A point stands behind all digits so far.
    fileprivate mutating func putPoint() { (beforePoint, others) = (others, 0) }
}

/// Whether lines keep their form long enough: to learn one, and to look for it in vain, has a price.
struct FormSteadiness {
    /// A change takes so much, each line gives 1 back. Below 0 it is not worth it.
    private static let changeCost = 8
    private static let creditMax = 64
    /// For so many lines no other form is then learned.
    private static let quietLines: UInt64 = 1024

    private var credit = FormSteadiness.changeCost
    /// The line with the last change, counted over all predicted lines.
    private(set) var lastChange: UInt64
    /// The first line whose form may be learned.
    private(set) var quietUntil: UInt64

    /// - Parameter line: the first one. A few have to come before a form is worth it.
    init(at line: UInt64) {
        quietUntil = line + UInt64(FormSteadiness.changeCost)
        lastChange = quietUntil
    }

    /// Whether to learn the form of this line, which has not the known one.
    ///
    /// - Parameter line: not below `quietUntil`.
    mutating func isWorthChanging(at line: UInt64) -> Bool {
        let lines = Int(min(line - lastChange, UInt64(FormSteadiness.creditMax)))
        credit = min(credit + lines, FormSteadiness.creditMax) - FormSteadiness.changeCost
        lastChange = line
        guard credit < 0 else { return true }
        keepQuiet(at: line)
        return false
    }

    /// No form is of use for a while.
    mutating func keepQuiet(at line: UInt64) {
        credit = FormSteadiness.changeCost
        quietUntil = line + FormSteadiness.quietLines
        lastChange = quietUntil
    }
}
