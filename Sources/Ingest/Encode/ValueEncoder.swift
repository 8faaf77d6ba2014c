import LineProtocol
import Postgres

extension CopyRows {
    /// Appends a tag or field as a value of the column's type.
    ///
    /// Tags and strings are read as what the column holds; numbers go to number and text columns,
    /// exactly or not at all (a fraction has no place in an integer column); booleans to boolean
    /// and text columns. Nothing else is converted: a guess would be stored as if it were measured.
    ///
    /// - Parameter item: where it lies: a copy of it would take longer than what is done with it.
    @inline(__always)
    mutating func append(_ item: UnsafePointer<Item>, as type: WireType) throws(Misfit) {
        switch unsafe (type, item.pointee.kind) {
        case (.doublePrecision, .float): unsafe append(item.pointee.float)
        case (.bigint, .int): unsafe append(item.pointee.int)
        // Where an identifier is a number, and every line has one.
        case (.bigint, .tag): append(try unsafe Int64(decimal: item.pointee.text.buffer.span))
        default: try unsafe appendSeldom(item.pointee, as: type)
        }
    }

    @inline(never)
    private mutating func appendSeldom(_ item: Item, as type: WireType) throws(Misfit) {
        switch type {
        case .doublePrecision, .real, .numeric:
            if case .bool = item.kind { throw .notANumber }
        case .bigint, .integer, .smallint:
            if case .bool = item.kind { throw .notAnInteger }
        case .timestamptz: try item.requireWords(.notATime)
        case .date: try item.requireWords(.notADate)
        case .uuid: try item.requireWords(.notAUUID)
        case .boolean:
            if item.kind != .bool { try item.requireWords(.notABoolean) }
        case .text, .varchar, .jsonb: break
        }
        let text = item.kind == .bool ? item.canonicalBoolean : item.text
        try unsafe append(text.buffer.span, as: type)
    }

    private mutating func append(_ text: Span<UInt8>, as type: WireType) throws(Misfit) {
        switch type {
        case .doublePrecision: append(try Double(decimal: text))
        case .real: append(try Float(decimal: text))
        case .bigint: append(try Int64(decimal: text))
        case .integer: append(try Int32(decimal: text))
        case .smallint: append(try Int16(decimal: text))
        case .numeric(let shape): try appendNumeric(text, shape: shape)
        case .boolean: append(try readBoolean(text))
        case .text: try appendText(text)
        case .varchar(let limit): try appendText(text, characterLimit: limit.map(Int.init))
        case .timestamptz: append(try Microseconds.read(text).instant)
        case .date: append(try Days(text))
        case .uuid: append(try UUIDBytes(text))
        case .jsonb: try appendJSON(text)
        }
    }

    /// Appends the line's own time.
    ///
    /// - Returns: whether the column cannot hold all of its digits.
    @inline(__always)
    mutating func append(unixNanoseconds: Int64, as type: WireType) -> Bool {
        if case .date = type {
            let (day, isCut) = Days.fromUnix(nanoseconds: unixNanoseconds)
            append(day)
            return isCut
        }
        let (instant, isCut) = Microseconds.fromUnix(nanoseconds: unixNanoseconds)
        append(instant)
        return isCut
    }
}

extension Item {
    /// Only a tag or a string can be read as something that is no number.
    fileprivate func requireWords(_ misfit: Misfit) throws(Misfit) {
        guard kind == .tag || kind == .string else { throw misfit }
    }

    /// `true` or `false`, however the line spelt it.
    fileprivate var canonicalBoolean: ByteSlice {
        let word: StaticString = bool ? "true" : "false"
        return unsafe ByteSlice(base: word.utf8Start, count: word.utf8CodeUnitCount)
    }
}
