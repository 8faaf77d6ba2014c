import Logging

/// The metadata of one entry as flat pairs, sorted by key.
///
/// - Parameter own: what the logger carries; what the call carries wins over it.
func flatMetadata(
    own: Logger.Metadata, provided: Logger.Metadata?, event: LogEvent
) -> [(key: String, value: String)] {
    var all = own
    if let provided { all.merge(provided) { $1 } }
    if let metadata = event.metadata { all.merge(metadata) { $1 } }
    var pairs: [(key: String, value: String)] = []
    for (key, value) in all { flatten(key, value, into: &pairs) }
    if let error = event.error, all["error"] == nil { pairs.append(("error", "\(error)")) }
    return pairs.sorted { $0.key < $1.key }
}

private func flatten(
    _ key: String, _ value: Logger.MetadataValue, into pairs: inout [(key: String, value: String)]
) {
    switch value {
    case .dictionary(let inner):
        for (innerKey, innerValue) in inner {
            flatten("\(key)_\(innerKey)", innerValue, into: &pairs)
        }
    case .array(let values):
        pairs.append((key, values.map { "\($0)" }.joined(separator: ",")))
    case .string, .stringConvertible:
        pairs.append((key, "\(value)"))
    }
}

extension Duration {
    /// As a field of a log entry: seconds, rounded to a tenth.
    var fieldText: String { "\(oneDecimal(seconds))s" }
}

/// A number rounded to a tenth: `34.5`.
func oneDecimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}
