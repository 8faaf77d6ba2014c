/// The right name that was probably meant, or `nil` when none is near.
func nearest(to name: String, among names: [String]) -> String? {
    let scored = names.map { (name: $0, distance: editDistance(name, $0)) }
    guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
    // A third of the letters may be wrong; of a short name still two.
    return best.distance <= max(2, best.name.count / 3) && best.distance < best.name.count
        ? best.name : nil
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour.
func editDistance(_ left: String, _ right: String) -> Int {
    let lengthMax = 64  // The work grows with the square; longer names are no near miss.
    let left = Array(left.lowercased().unicodeScalars.prefix(lengthMax))
    let right = Array(right.lowercased().unicodeScalars.prefix(lengthMax))
    var before: [Int] = []
    var above = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1]
        for column in 0..<right.count {
            let cost = left[row] == right[column] ? 0 : 1
            var least = min(current[column] + 1, above[column + 1] + 1, above[column] + cost)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                least = min(least, before[column - 1] + 1)
            }
            current.append(least)
        }
        (before, above) = (above, current)
    }
    return above[right.count]
}
