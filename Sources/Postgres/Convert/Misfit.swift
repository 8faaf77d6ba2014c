/// Why a value cannot stand in its column. One byte wide: counted by index.
public enum Misfit: UInt8, Error, CaseIterable {
    case notANumber, notAnInteger, notFinite, outOfRange, notABoolean, notATime, notADate, notAUUID
    case notJSON, tooDeep, tooLong, nulCharacter, invalidUTF8

    /// For a report, after the column's name.
    package var text: String {
        switch self {
        case .notANumber: "not a number"
        case .notAnInteger: "not a whole number"
        case .notFinite: "NaN or infinity"
        case .outOfRange: "out of range"
        case .notABoolean: "not a boolean"
        case .notATime: "not a time"
        case .notADate: "not a date"
        case .notAUUID: "not a UUID"
        case .notJSON: "not JSON that PostgreSQL takes"
        case .tooDeep: "JSON nested too deeply"
        case .tooLong: "too long"
        case .nulCharacter: "contains a NUL character"
        case .invalidUTF8: "not UTF-8"
        }
    }
}
