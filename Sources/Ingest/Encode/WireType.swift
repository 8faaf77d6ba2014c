import Postgres

/// A column's type as the encoder switches on it. Trivial, unlike `ColumnType`, which may hold a
/// name: reading one per value must cost no reference counting. Small, because every shape of COPY has one for each column.
enum WireType {
    case smallint, integer, bigint, real, doublePrecision, boolean, text
    case numeric(NumericShape?)
    case varchar(Int32?)
    case timestamptz, date, jsonb, uuid

    /// A `timestamp` is written like a `timestamptz`, in UTC.
    init(_ type: ColumnType) {
        switch type {
        case .smallint: self = .smallint
        case .integer: self = .integer
        case .bigint: self = .bigint
        case .real: self = .real
        case .doublePrecision: self = .doublePrecision
        case .numeric(let shape): self = .numeric(shape)
        case .boolean: self = .boolean
        case .text: self = .text
        case .varchar(let limit): self = .varchar(limit.map(Int32.init))
        case .timestamptz, .timestamp: self = .timestamptz
        case .date: self = .date
        case .jsonb: self = .jsonb
        case .uuid: self = .uuid
        case .unsupported(let name): preconditionFailure("a target has a column of type \(name)")
        }
    }
}
