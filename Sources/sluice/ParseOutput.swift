import Glibc
import LineProtocol

/// Writes decoded lines to standard output, one JSON object a line, in pure ASCII.
struct ParseOutput {
    /// Whether each object says from which file it comes.
    let namesFiles: Bool
    var file = ""
    private(set) var errorCount = 0
    private var bytes: [UInt8] = []

    /// Written out at the latest when this many bytes are there.
    private static let flushBytes = 1 << 16

    init(namesFiles: Bool) {
        self.namesFiles = namesFiles
        bytes.reserveCapacity(2 * ParseOutput.flushBytes)
    }

    mutating func add(_ batch: borrowing DecodedBatch) throws(ParseFailure) {
        for index in 0..<batch.lineCount {
            add(batch.line(index), of: batch)
            if bytes.count >= ParseOutput.flushBytes { try flush() }
        }
    }

    private mutating func add(_ line: DecodedLine, of batch: borrowing DecodedBatch) {
        put("{")
        if namesFiles {
            put("\"file\": ")
            putString(Array(file.utf8))
            put(", ")
        }
        put("\"line\": \(line.number)")
        if let error = line.error {
            errorCount += 1
            put(", \"error\": \"\(error.category)\"}\n")
            return
        }
        put(", \"measurement\": ")
        putString(line.measurement)
        put(", \"tags\": {")
        for index in 0..<Int(line.tagCount) {
            let tag = batch.tag(index, of: line)
            putKey(tag.key, isFirst: index == 0)
            putString(tag.text)
        }
        put("}, \"fields\": {")
        for index in 0..<Int(line.fieldCount) {
            let field = batch.field(index, of: line)
            putKey(field.key, isFirst: index == 0)
            putValue(field)
        }
        put("}, \"timestamp\": ")
        put(line.hasTimestamp ? "\"\(line.timestamp)\"}\n" : "null}\n")
    }

    private mutating func putValue(_ field: Item) {
        put("{\"type\": \"\(field.kind)\", \"value\": ")
        switch field.kind {
        case .float:
            // The shortest text that reads back as the same double; always valid JSON, as no
            // line holds an infinity or NaN.
            put("\(field.float), \"bits\": \"")
            let digits = String(field.bits, radix: 16)
            put(String(repeating: "0", count: 16 - digits.count) + digits + "\"")
        case .int: put("\"\(field.int)\"")
        case .uint: put("\"\(field.bits)\"")
        case .bool: put("\(field.bool)")
        case .string, .tag: putString(field.text)
        }
        put("}")
    }

    // MARK: JSON

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func putKey(_ key: ByteSlice, isFirst: Bool) {
        if !isFirst { put(", ") }
        putString(key)
        put(": ")
    }

    private mutating func putString(_ slice: ByteSlice) { putString(unsafe Array(slice.buffer)) }

    /// A string in quotes; whatever is not printable ASCII is escaped. The text is well-formed
    /// UTF-8: the decoder lets nothing else pass.
    private mutating func putString(_ text: [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"", "\\":
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(ascii: scalar))
            case " "..."~": bytes.append(UInt8(ascii: scalar))
            default: for unit in UTF16.encode(scalar)! { putEscape(unit) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func putEscape(_ unit: UInt16) {
        let digits = String(unit, radix: 16)
        put("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
    }

    /// Writes out what is there. A reader that went away ends the program by its signal.
    ///
    /// - Throws: the `errno` when it cannot be written.
    mutating func flush() throws(ParseFailure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                unsafe write(STDOUT_FILENO, all.baseAddress! + written, all.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .unwritable(errno) }
            written += count
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
