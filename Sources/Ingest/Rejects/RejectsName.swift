/// The name of a file of rejects: `rejects-<lane>-<number>.lp`. Numbers go up over all lanes, so that
/// the lowest one is the oldest file.
struct RejectsName: Equatable, CustomStringConvertible {
    /// The lane's number, or `replay`.
    let lane: String
    let number: Int

    private static let digitsMin = 8
    /// More is nobody's counting.
    private static let digitsMax = 15

    init(lane: String, number: Int) {
        self.lane = lane
        self.number = number
    }

    /// - Returns: nil for a name that is none of ours.
    init?(_ name: String) {
        let parts = name.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard name.hasPrefix("rejects-"), name.hasSuffix(".lp"), parts.count == 3 else {
            return nil
        }
        let digits = parts[2].dropLast(3)
        guard (Self.digitsMin...Self.digitsMax).contains(digits.count),
            let number = Int(digits: digits), Self.isLane(parts[1])
        else { return nil }
        self.init(lane: String(decoding: parts[1], as: UTF8.self), number: number)
    }

    private static func isLane(_ text: Substring.UTF8View) -> Bool {
        let isWord = text.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        let isNumber = text.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return !text.isEmpty && (isWord || isNumber && text.count <= 2)
    }

    var description: String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, Self.digitsMin - digits.count))
        return "rejects-\(lane)-\(zeros)\(digits).lp"
    }
}
