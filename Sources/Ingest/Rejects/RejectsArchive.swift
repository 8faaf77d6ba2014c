import Ring

/// All refused lines that are kept, for commands to look at.
package struct RejectsArchive {
    let directory: RejectsDirectory
    /// How far the database is known to be with each ring that may still settle a batch.
    private let confirmed: [RingIdentity: UInt64]

    package init(_ configuration: Configuration) {
        let settings = configuration.rejects
        directory = RejectsDirectory(
            path: settings.directory, size: settings.size, lanes: configuration.ring.lanes + 1)
        let paths = RingFiles.paths(configuration) + [Self.replayRing(settings)]
        confirmed = paths.reduce(into: [:]) { positions, path in
            // A ring that cannot be read settles nothing.
            guard let found = try? Ring.confirmation(path: path) else { return }
            positions[found.ring] = found.position
        }
    }

    /// The ring through which lines are replayed.
    static func replayRing(_ settings: Configuration.Rejects) -> String {
        settings.directory + "/replay-ring"
    }

    /// Whether the last block of a file may belong to a batch that is not in the database.
    func isInDoubt(_ reader: borrowing RejectsReader) -> Bool {
        reader.isInDoubt { confirmed[$0] }
    }

    /// Paths of files that hold refused lines, from the oldest on: also of a file that a replay has
    /// taken and not dealt with yet.
    private func paths() throws(RejectsError) -> [String] {
        let loading = [directory.loadingPath].filter { directory.fileBytes($0) != nil }
        return try loading + directory.files().map { directory.path(of: $0.name) }
    }

    /// Goes through every refused line of a batch that is in the database.
    ///
    /// - Parameter body: takes each line that the filter takes; false ends it.
    /// - Returns: what could not be read, each on a line.
    package func forEach(
        _ filter: RejectsFilter, _ body: (RejectsEntry) -> Bool
    ) throws(RejectsError) -> [String] {
        var problems: [String] = []
        for path in try paths() {
            // It may have gone meanwhile.
            guard let reader = try RejectsReader.open(path), reader.survey.isOurs else { continue }
            let blocks = 0..<reader.survey.blocks.count - (isInDoubt(reader) ? 1 : 0)
            var goesOn = true
            var damaged = reader.survey.damages.reduce(0) { $0 + $1.count }
            damaged += try reader.forEach(in: blocks) { (entry) throws(RejectsError) in
                if goesOn, filter.takes(entry) { goesOn = body(entry) }
            }
            if damaged > 0 {
                problems.append("\(path): \(damaged) bytes are damaged and were passed over")
            }
            if !goesOn { break }
        }
        return problems
    }
}
