import Glibc

extension PointScanner {
    /// Reads a field's value and makes the item of it.
    @inline(__always)
    mutating func value(_ key: ByteSlice) throws(ScanStop) -> Item {
        guard position < end else { throw .bad(.field) }
        let byte = self[position]
        if byte &- Byte.zero <= 9 || byte == Byte.minus || byte == Byte.point {
            return try number(key)
        }
        if byte == Byte.quote { return try string(key) }
        return try boolean(key)
    }

    /// Whether a value may end here: at a comma, a blank or the end of the line.
    @inline(__always)
    private var isAtValueEnd: Bool {
        guard position < end else { return true }
        let byte = self[position]
        return byte == Byte.comma || byte == Byte.space || isAtLineEnd || byte == Byte.tab
    }

    // MARK: Numbers

    @inline(__always)
    private mutating func number(_ key: ByteSlice) throws(ScanStop) -> Item {
        var literal = NumberLiteral(start: position)
        if self[position] == Byte.minus {
            literal.isNegative = true
            position += 1
        }
        scanDigits(&literal)
        guard literal.digitCount > 0 else { throw refusal(.value) }
        if position < end {
            let byte = self[position] | 0x20
            if byte == UInt8(ascii: "e") {
                try scanExponent(&literal)
            } else if byte >= UInt8(ascii: "i"), literal.fractionCount == nil {
                return try integer(key, literal)
            }
        }
        guard isAtValueEnd else { throw refusal(.value) }
        let text = slice(literal.start, position)
        guard let double = unsafe literal.double(text, powersOfTen) else { throw .bad(.range) }
        return Item(key: key, text: text, bits: double.bitPattern, kind: .float)
    }

    /// Reads the digits before and behind the point. The mantissa is exact up to 19 digits.
    @inline(__always)
    private mutating func scanDigits(_ literal: inout NumberLiteral) {
        if end - position >= 8 {
            let word = unsafe UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
            let short = ShortDecimal(UInt64(littleEndian: word))
            if short.count > 0 {
                literal.mantissa = short.mantissa
                literal.digitCount = short.hasPoint ? short.count &- 1 : short.count
                literal.fractionCount = short.hasPoint ? short.fractionCount : nil
                position &+= short.count
                return
            }
        }
        scanManyDigits(&literal)
    }

    @inline(never)
    private mutating func scanManyDigits(_ literal: inout NumberLiteral) {
        var cursor = position
        var mantissa: UInt64 = 0
        while cursor < end {
            let digit = self[cursor] &- Byte.zero
            if digit > 9 { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            cursor += 1
        }
        literal.digitCount = cursor - position
        if cursor < end, self[cursor] == Byte.point {
            cursor += 1
            let fraction = cursor
            while cursor < end {
                let digit = self[cursor] &- Byte.zero
                if digit > 9 { break }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                cursor += 1
            }
            literal.fractionCount = cursor - fraction
            literal.digitCount += cursor - fraction
        }
        literal.mantissa = mantissa
        position = cursor
    }

    /// Reads `e`, an optional sign and at least one digit.
    @inline(never)
    private mutating func scanExponent(_ literal: inout NumberLiteral) throws(ScanStop) {
        position += 1
        var isNegative = false
        if position < end, self[position] == Byte.minus || self[position] == Byte.plus {
            isNegative = self[position] == Byte.minus
            position += 1
        }
        let first = position
        var exponent = 0
        while position < end {
            let digit = self[position] &- Byte.zero
            if digit > 9 { break }
            exponent = min(exponent * 10 + Int(digit), NumberLiteral.exponentMax)
            position += 1
        }
        guard position > first else { throw refusal(.value) }
        literal.exponent = isNegative ? -exponent : exponent
    }

    /// Goes on with whole digits at what may be their suffix.
    @inline(__always)
    private mutating func integer(
        _ key: ByteSlice, _ literal: NumberLiteral
    ) throws(ScanStop) -> Item {
        let isUnsigned = self[position] == UInt8(ascii: "u")
        guard isUnsigned ? !literal.isNegative : self[position] == UInt8(ascii: "i") else {
            throw refusal(.value)
        }
        let text = slice(literal.start, position)
        position += 1
        guard isAtValueEnd else { throw refusal(.value) }
        let digits = literal.isNegative ? literal.start + 1 : literal.start
        guard let magnitude = magnitude(literal.mantissa, digits, literal.digitCount) else {
            throw .bad(.range)
        }
        if isUnsigned { return Item(key: key, text: text, bits: magnitude, kind: .uint) }
        guard let signed = signed(magnitude, literal.isNegative) else { throw .bad(.range) }
        return Item(key: key, text: text, bits: UInt64(bitPattern: signed), kind: .int)
    }

    /// The value of the digits at `start`; nil when 64 bits do not hold it. `wrapped` is their
    /// value modulo 2^64, which is right as long as they are few.
    @inline(__always)
    private mutating func magnitude(_ wrapped: UInt64, _ start: Int, _ count: Int) -> UInt64? {
        count <= 19 ? wrapped : longMagnitude(start, count)
    }

    @inline(never)
    private mutating func longMagnitude(_ start: Int, _ count: Int) -> UInt64? {
        var value: UInt64 = 0
        for index in start..<start + count {
            let (tens, carryOfTens) = value.multipliedReportingOverflow(by: 10)
            let (next, carry) = tens.addingReportingOverflow(UInt64(self[index] &- Byte.zero))
            if carryOfTens || carry { return nil }
            value = next
        }
        return value
    }

    @inline(__always)
    private func signed(_ magnitude: UInt64, _ isNegative: Bool) -> Int64? {
        if isNegative {
            return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    // MARK: Timestamp

    /// Reads the timestamp; what follows it is the caller's to judge, and comes before its range.
    @inline(__always)
    mutating func timestamp(_ unitNanoseconds: Int64) throws(ScanStop) -> Int64 {
        let isNegative = self[position] == Byte.minus
        if isNegative { position += 1 }
        let start = position
        let wrapped = scanTimestampDigits()
        guard position > start else { throw refusal(.timestamp) }
        guard position == end || isBlank(self[position]) || isAtLineEnd else {
            throw refusal(.timestamp)
        }
        guard let magnitude = magnitude(wrapped, start, position - start),
            let units = signed(magnitude, isNegative)
        else { throw .bad(.range) }
        let (nanoseconds, isOverflow) = units.multipliedReportingOverflow(by: unitNanoseconds)
        guard !isOverflow else { throw .bad(.range) }
        return nanoseconds
    }

    /// Eight digits at once as long as there are as many: a timestamp has 19.
    @inline(__always)
    private mutating func scanTimestampDigits() -> UInt64 {
        var value: UInt64 = 0
        while end - position >= 8 {
            let word = unsafe UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
            guard let eight = eightDigits(UInt64(littleEndian: word)) else { break }
            value = value &* 100_000_000 &+ eight
            position += 8
        }
        while position < end {
            let digit = self[position] &- Byte.zero
            if digit > 9 { break }
            value = value &* 10 &+ UInt64(digit)
            position += 1
        }
        return value
    }

    // MARK: Booleans

    /// Reads one of the ten spellings.
    @inline(never)
    private mutating func boolean(_ key: ByteSlice) throws(ScanStop) -> Item {
        if isAtValueEnd { throw .bad(.field) }
        let start = position
        let first = self[start]
        let isTrue = first | 0x20 == UInt8(ascii: "t")
        guard isTrue || first | 0x20 == UInt8(ascii: "f") else { throw refusal(.value) }
        position += 1
        if !isAtValueEnd {
            let isUpper = first & 0x20 == 0
            let isCapital = isUpper && position < end && self[position] & 0x20 == 0
            let rest: StaticString =
                isCapital ? (isTrue ? "RUE" : "ALSE") : (isTrue ? "rue" : "alse")
            guard accept(rest) else { throw refusal(.value) }
            guard isAtValueEnd else { throw refusal(.value) }
        }
        let text = slice(start, position)
        return Item(key: key, text: text, bits: isTrue ? 1 : 0, kind: .bool)
    }

    /// Steps over as much of `word` as comes next: after a refusal, `position` must tell how far
    /// the scanner has looked.
    ///
    /// - Returns: whether it was all of it.
    private mutating func accept(_ word: StaticString) -> Bool {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < end, unsafe self[position] == word.utf8Start[index] else {
                return false
            }
            position += 1
        }
        return true
    }

    // MARK: Strings

    /// Reads a string from its opening quote to behind its closing one.
    @inline(never)
    private mutating func string(_ key: ByteSlice) throws(ScanStop) -> Item {
        position += 1
        let start = position
        var dropped = 0
        var seen: UInt8 = 0
        while true {
            guard position < end else { throw .bad(.string) }
            let byte = self[position]
            if !has(byte, CharacterClass.string) {
                seen |= byte
            } else if byte == Byte.quote {
                break
            } else if byte == Byte.lineFeed {
                lineFeeds += 1
            } else if position + 1 < end, has(self[position + 1], CharacterClass.stringEscape) {
                dropped += 1
                position += 1
            }
            position += 1
        }
        if seen >= 0x80 { try checkUTF8(start) }
        let stop = position
        position += 1
        guard isAtValueEnd else { throw refusal(.string) }
        let text =
            dropped == 0
            ? slice(start, stop)
            : try unescaped(start, stop, CharacterClass.stringEscape, dropped)
        return Item(key: key, text: text, bits: 0, kind: .string)
    }
}
