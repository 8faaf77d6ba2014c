/// A file's name as text that is fit for a terminal and for one line of a log, and from which the
/// name can be told: what is not UTF-8, and what does not show or changes how the rest shows, is
/// written as `\xNN` byte by byte, and a backslash is doubled. Linux knows names as bytes only.
package func visibleName(_ name: some Sequence<UInt8>) -> String {
    let bytes = Array(name)
    var result = ""
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var index = 0
    while true {
        switch parser.parseScalar(from: &rest) {
        case .valid(let encoded):
            let scalar = Unicode.UTF8.decode(encoded)
            append(scalar, bytes[index..<index + encoded.count], to: &result)
            index += encoded.count
        case .error(let length):
            append(bytes[index..<index + length], to: &result)
            index += length
        case .emptyInput: return result
        }
    }
}

private func append(_ scalar: Unicode.Scalar, _ bytes: ArraySlice<UInt8>, to result: inout String) {
    switch scalar.properties.generalCategory {
    // Formats turn the direction of writing; separators of lines and paragraphs end the line.
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
        append(bytes, to: &result)
    default:
        if scalar == "\\" { result += "\\" }
        result.unicodeScalars.append(scalar)
    }
}

private func append(_ bytes: ArraySlice<UInt8>, to result: inout String) {
    for byte in bytes {
        result += byte < 16 ? "\\x0" : "\\x"
        result += String(byte, radix: 16, uppercase: true)
    }
}
