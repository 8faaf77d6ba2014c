/// The column types that readings can be written to.
package enum ColumnType: Hashable, Sendable {
    case smallint, integer, bigint, real, doublePrecision
    /// nil: any number of digits that the server can hold.
    case numeric(NumericShape?)
    case boolean, text
    /// The limit counts characters; nil: none.
    case varchar(Int?)
    case timestamptz, timestamp, date, jsonb, uuid
    /// Any other type, by the server's name for it.
    case unsupported(String)

    /// - Parameters:
    ///   - oid: the base type's, which never changes for built-in types.
    ///   - modifier: the server's `atttypmod`, -1 for none.
    ///   - name: as `format_type` writes it.
    init(oid: UInt32, modifier: Int32, name: String) {
        switch oid {
        case 16: self = .boolean
        case 20: self = .bigint
        case 21: self = .smallint
        case 23: self = .integer
        case 25: self = .text
        case 700: self = .real
        case 701: self = .doublePrecision
        case 1043: self = .varchar(modifier < Self.headerSize ? nil : Int(modifier) - 4)
        case 1082: self = .date
        case 1114: self = .timestamp
        case 1184: self = .timestamptz
        case 1700: self = .numeric(NumericShape(modifier: modifier))
        case 2950: self = .uuid
        case 3802: self = .jsonb
        default: self = .unsupported(name)
        }
    }

    /// What the server adds to a length or shape before it stores it as a modifier.
    static let headerSize: Int32 = 4
}

extension ColumnType: CustomStringConvertible {
    /// As SQL writes it.
    package var description: String {
        switch self {
        case .doublePrecision: "double precision"
        case .numeric(let shape?): "numeric(\(shape.precision),\(shape.scale))"
        case .numeric(nil): "numeric"
        case .varchar(let limit?): "varchar(\(limit))"
        case .varchar(nil): "varchar"
        case .unsupported(let name): name
        case .smallint: "smallint"
        case .integer: "integer"
        case .bigint: "bigint"
        case .real: "real"
        case .boolean: "boolean"
        case .text: "text"
        case .timestamptz: "timestamptz"
        case .timestamp: "timestamp"
        case .date: "date"
        case .jsonb: "jsonb"
        case .uuid: "uuid"
        }
    }
}

/// How many decimal digits a `numeric(precision, scale)` column keeps.
package struct NumericShape: Hashable, Sendable {
    // The server's bounds are 1,000 both ways; large catalogs and many shapes of COPY hold these.
    private let storedPrecision: Int16
    private let storedScale: Int16

    /// Digits in all.
    package var precision: Int { Int(storedPrecision) }
    /// Digits after the point; may be negative (rounded before the point) or beyond the precision.
    package var scale: Int { Int(storedScale) }

    /// A shape as it stands in `numeric(precision, scale)`.
    package init(precision: Int, scale: Int) {
        storedPrecision = Int16(precision)
        storedScale = Int16(scale)
    }

    /// Unpacks the server's modifier: 16 bits of precision, 11 of signed scale.
    init?(modifier: Int32) {
        guard modifier >= ColumnType.headerSize else { return nil }
        let packed = modifier - ColumnType.headerSize
        self.init(
            precision: Int(packed >> 16) & 0x7FFF, scale: Int((packed & 0x7FF) ^ 1024) - 1024)
    }
}
