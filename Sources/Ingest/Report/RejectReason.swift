package import LineProtocol
package import Postgres

/// Why a line that arrived is not in a table. One byte: counted by index, never printed per line.
///
/// The counts are kept on disk by index, so a reason keeps its own for ever: a further one comes last.
/// For the same reason `LineError` and `Misfit` are not to grow.
package struct RejectReason: Hashable, Sendable, RawRepresentable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The line is no line protocol.
    package init(_ error: LineError) {
        rawValue = UInt8(Self.lineErrors.firstIndex(of: error)!)
    }

    /// A value does not fit its column.
    package init(_ misfit: Misfit) {
        rawValue = UInt8(Self.lineErrors.count + Self.misfits.firstIndex(of: misfit)!)
    }

    /// The database refused the row with an error of class 22 or 23.
    package init(sqlState: String) {
        self =
            switch sqlState {
            case "23502": .notNullViolation
            case "23503": .foreignKeyViolation
            case "23505": .uniqueViolation
            case "23514": .checkViolation
            case "23P01": .exclusionViolation
            default: sqlState.hasPrefix("23") ? .constraintViolation : .dataException
            }
    }

    /// The line's own time is not to be believed; nil when it is.
    package init?(_ verdict: TimeWindow.Verdict) {
        switch verdict {
        case .fine: return nil
        case .tooFarAhead: self = .timeTooFarAhead
        case .tooOld: self = .timeTooOld
        case .wrongUnit: self = .timeWrongUnit
        }
    }

    private static let lineErrors = Array(LineError.allCases)
    private static let misfits = Array(Misfit.allCases)
    private static let first = UInt8(lineErrors.count + misfits.count)

    /// No table has the measurement's name, and no mapping names it.
    package static let noTable = RejectReason(rawValue: first)
    /// The table was found, but it cannot be written to as it is.
    package static let tableProblem = RejectReason(rawValue: first + 1)
    /// None of the fields has a column.
    package static let noColumn = RejectReason(rawValue: first + 2)
    /// A NOT NULL column without a default got no value.
    package static let missingValue = RejectReason(rawValue: first + 3)
    /// The row is longer than a row may be.
    package static let rowTooLong = RejectReason(rawValue: first + 4)
    package static let uniqueViolation = RejectReason(rawValue: first + 5)
    package static let foreignKeyViolation = RejectReason(rawValue: first + 6)
    package static let notNullViolation = RejectReason(rawValue: first + 7)
    package static let checkViolation = RejectReason(rawValue: first + 8)
    package static let exclusionViolation = RejectReason(rawValue: first + 9)
    /// Any other error of class 23.
    package static let constraintViolation = RejectReason(rawValue: first + 10)
    /// Any error of class 22.
    package static let dataException = RejectReason(rawValue: first + 11)

    /// The database took the row without an error and did not store it, as a trigger can do.
    package static let suppressed = RejectReason(rawValue: first + 12)
    /// The line's time is further after its reception than `udp.ahead_max` allows.
    package static let timeTooFarAhead = RejectReason(rawValue: first + 13)
    /// The line's time is further before its reception than `udp.age_max` allows, or before the second
    /// day of 1970.
    package static let timeTooOld = RejectReason(rawValue: first + 14)
    /// The line's timestamp is evidently in another unit than the listener's.
    package static let timeWrongUnit = RejectReason(rawValue: first + 15)

    private static let names = [
        "no_table", "table_problem", "no_column", "missing_value", "row_too_long",
        "unique_violation", "foreign_key_violation", "not_null_violation", "check_violation",
        "exclusion_violation", "constraint_violation", "data_exception", "suppressed",
        "time_too_far_ahead", "time_too_old", "time_wrong_unit",
    ]

    /// How many reasons there are: indexes into counters are below this.
    package static let count = Int(first) + names.count

    /// The reason as counters and logs spell it.
    package var name: String {
        let index = Int(rawValue)
        if index < Self.lineErrors.count { return Self.lineErrors[index].category }
        if rawValue < Self.first { return Self.misfits[index - Self.lineErrors.count].name }
        return Self.names[index - Int(Self.first)]
    }

    /// Whether the database refused the row, not Sluice the line.
    package var isFromDatabase: Bool {
        (Self.uniqueViolation.rawValue...Self.suppressed.rawValue).contains(rawValue)
    }

    /// Every reason, in the order of the counters.
    package static var all: [RejectReason] {
        (0..<UInt8(count)).map(RejectReason.init(rawValue:))
    }
}

extension Misfit {
    /// As counters and logs spell it.
    package var name: String {
        switch self {
        case .notANumber: "not_a_number"
        case .notAnInteger: "not_an_integer"
        case .notFinite: "not_finite"
        case .outOfRange: "out_of_range"
        case .notABoolean: "not_a_boolean"
        case .notATime: "not_a_time"
        case .notADate: "not_a_date"
        case .notAUUID: "not_a_uuid"
        case .notJSON: "not_json"
        case .tooDeep: "too_deep"
        case .tooLong: "too_long"
        case .nulCharacter: "nul_character"
        case .invalidUTF8: "invalid_text"
        }
    }
}
