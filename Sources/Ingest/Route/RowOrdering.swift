import Postgres

/// In which order a batch's rows go into a table.
///
/// Rows arrive in the order of time, and what an index orders by time first takes them as they come.
/// An index that has something else first, such as the sensor, gets each of them on another page:
/// in its order they come to few pages, one after the other.
enum RowOrdering {
    /// The index that rows are sorted for, if any.
    ///
    /// Of several, the one that goes on by the time (a series each), else the first one: the primary
    /// key, a unique one, by name. Beside a primary key that begins with the time only a series is worth
    /// it: the key is the dearer one, and takes rows best as they come.
    static func index(of target: TableTarget) -> TableIndex? {
        let time = target.columns[target.timeIndex].name
        let names = Set(target.columns.filter { !$0.fillsItself }.map(\.name))
        let candidates = target.table.indexes.filter { index in
            guard let first = index.columns.first?.name else { return false }
            return !first.isSameName(as: time) && names.contains(first)
        }
        let series = candidates.first { index in
            index.columns.count > 1 && index.columns[1].name.isSameName(as: time)
        }
        let key = target.table.uniqueKeys.first(where: \.isPrimary)?.columns.first
        return key?.isSameName(as: time) == true ? series : series ?? candidates.first
    }

    /// What to sort rows with these columns of the target by; nothing where they go as they come.
    static func columns(of target: TableTarget, in shape: [Int16]) -> [SortColumn] {
        guard let index = index(of: target) else { return [] }
        var columns: [SortColumn] = []
        for column in index.columns.prefix(RowSorter.columnsMax) {
            let position = shape.firstIndex { index in
                target.columns[Int(index)].name.isSameName(as: column.name)
            }
            guard let position else { break }
            columns.append(
                SortColumn(
                    position: position,
                    kind: SortColumn.Kind(target.columns[Int(shape[position])].type),
                    isDescending: column.isDescending))
        }
        return columns
    }
}
