/// The tables of the made-up server.
enum SimulatedTable: String, CaseIterable {
    /// Without a key: a row that is written twice is there twice.
    case plain
    /// No two rows with the same key.
    case keyed
}

/// What must become of a line, by the way it is made.
enum Fate: CaseIterable {
    case row
    /// No line protocol.
    case malformed
    /// No table has that name.
    case homeless
    /// A value does not fit its column.
    case misfit
    /// The server refuses it, and names its line.
    case refused
    /// The server refuses it at the end of the COPY, and names no line.
    case refusedUnnamed
    /// The server refuses it at the COMMIT.
    case refusedAtCommit

    /// What marks such a row for the made-up server.
    var value: Double {
        switch self {
        case .refused: -1
        case .refusedUnnamed: -2
        case .refusedAtCommit: -3
        default: 1
        }
    }
}

/// One line that a sensor sends, known by its number.
struct Reading {
    let id: Int64
    /// What tells duplicates.
    let key: Int64
    let table: SimulatedTable
    let fate: Fate
    let time: Int64

    var line: String {
        switch fate {
        case .malformed: "\(table.rawValue) id=\(id)i,key=\(key)i,value= \(time)"
        case .homeless: "nowhere id=\(id)i,key=\(key)i,value=1 \(time)"
        case .misfit: "\(table.rawValue) id=\(id)i,key=\(key)i,value=\"many\" \(time)"
        default: "\(table.rawValue) id=\(id)i,key=\(key)i,value=\(fate.value) \(time)"
        }
    }
}
