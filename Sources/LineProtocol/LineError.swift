/// Why a line was refused. One byte wide: counted by index, never printed per line.
public enum LineError: UInt8, Error, CaseIterable, Sendable {
    /// The measurement's name is missing.
    case measurement
    /// The tag set is malformed: an empty key or value, a stray comma, a raw `=` in a value.
    case tag
    /// The same tag key stands twice.
    case duplicateTag
    /// A field is missing or malformed, or has no value.
    case field
    /// A field's value is not a number, a boolean or a string.
    case value
    /// A number or a timestamp is out of range.
    case range
    /// A string is not closed, or text follows its closing quote.
    case string
    /// The timestamp is not an integer, or text follows it.
    case timestamp
    /// The line is not well-formed UTF-8.
    case invalidUTF8
    /// A control character stands outside of a string.
    case invalidCharacter
    /// The logical line is longer than the limit.
    case lineTooLong
    /// The stream broke off within the line.
    case truncated

    /// The category's name in output and in counters.
    package var category: String {
        switch self {
        case .measurement: "measurement"
        case .tag: "tag"
        case .duplicateTag: "duplicate_tag"
        case .field: "field"
        case .value: "value"
        case .range: "range"
        case .string: "string"
        case .timestamp: "timestamp"
        case .invalidUTF8: "invalid_utf8"
        case .invalidCharacter: "invalid_char"
        case .lineTooLong: "line_too_long"
        case .truncated: "truncated"
        }
    }
}
