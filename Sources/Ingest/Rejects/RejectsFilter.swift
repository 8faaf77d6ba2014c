/// Which refused lines a command is about; nil takes all of a kind.
package struct RejectsFilter: Sendable {
    package var source: String?
    package var reason: String?
    package var measurement: String?

    /// All of them.
    package init(source: String? = nil, reason: String? = nil, measurement: String? = nil) {
        self.source = source
        self.reason = reason
        self.measurement = measurement
    }

    func takes(_ entry: RejectsEntry) -> Bool {
        (source.map { $0 == entry.source } ?? true) && (reason.map { $0 == entry.reason } ?? true)
            && (measurement.map { $0 == entry.measurement } ?? true)
    }
}

extension RejectsEntry {
    /// The longest name that is told of.
    private static let measurementBytesMax = 128
    /// What stands where no name can be read.
    package static let unknownMeasurement = "?"

    /// The line's first name, as far as one can be read: what a broken line begins with need be none.
    package var measurement: String {
        var name: [UInt8] = []
        var isEscaped = false
        for byte in line.prefix(Self.measurementBytesMax) {
            if isEscaped {
                // Only these have an escape; before any other byte a backslash is itself.
                if byte != UInt8(ascii: ","), byte != UInt8(ascii: " ") {
                    name.append(UInt8(ascii: "\\"))
                }
                name.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte <= UInt8(ascii: " ") || byte == UInt8(ascii: ",") {
                break
            } else {
                name.append(byte)
            }
        }
        return name.isEmpty ? Self.unknownMeasurement : String(decoding: name, as: UTF8.self)
    }
}
