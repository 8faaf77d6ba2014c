package import LineProtocol

extension Configuration {
    /// Files of line protocol that are read.
    package struct Files: Sendable, Equatable {
        /// Absolute; `*`, `?` and `[…]` stand for parts of names as in the shell, see glob(7).
        package var path: String
        /// Unique among listeners and files; what logs and counters call these.
        package var name: String
        package var mode: FilesMode
        /// The unit of the timestamps in them.
        package var precision: Precision
        /// How far a line's own time may lie after its reading; zero means no limit.
        package var aheadMax: Duration
        /// How far a line's own time may lie before its reading; zero means no limit.
        package var ageMax: Duration
        /// Mode drop: how long a file that was not renamed into place must not have changed.
        package var unchanged: Duration
        /// Mode drop: what becomes of a file that is in the database.
        package var done: FilesDone
        /// Absolute; empty unless `done` is `move`.
        package var doneDirectory: String
        /// Time between two looks at everything, beside what the kernel tells.
        package var rescan: Duration
    }

    /// How files are read.
    package enum FilesMode: String, Sendable, CaseIterable {
        /// What is appended, for as long as the file lives, through rotations.
        case follow
        /// Complete files, one after the other.
        case drop
    }

    /// What becomes of a file whose lines are all in the database.
    package enum FilesDone: String, Sendable, CaseIterable {
        case keep, move, delete
    }
}

extension ConfigurationBuilder {
    /// - Parameter listeners: they and the files have their names in common.
    func files(beside listeners: [Configuration.Listener]) -> [Configuration.Files] {
        let readers = sections(.files)
        if readers.count > ConfigurationLimits.files {
            problems.report(
                document["files"]?.line,
                "\(readers.count) sections [[files]]; at most \(ConfigurationLimits.files) are"
                    + " possible")
        }
        var all: [Configuration.Files] = []
        for reader in readers {
            guard let files = files(reader) else { continue }
            let names = listeners.map(\.name) + all.map(\.name)
            if names.contains(files.name) {
                reader.report(
                    reader.has(.filesName) ? .filesName : .filesPath,
                    "= \(quoted(files.name)) is the name of another [[udp]] or [[files]]; give each"
                        + " another name")
            }
            all.append(files)
        }
        return all
    }

    private func files(_ section: SectionReader) -> Configuration.Files? {
        guard section.has(.filesPath) else {
            if section.table != nil {
                problems.report(
                    section.line, "[[files]] needs a path: path = \"/var/lib/logger/*.lp\"")
            }
            return nil
        }
        let path = section.text(.filesPath)
        checkPath(path, .filesPath, section)
        let files = Configuration.Files(
            path: path,
            name: name(section, path: path),
            mode: section.choice(.filesMode),
            precision: Precision(section.choiceText(.filesPrecision))!,
            aheadMax: section.duration(.filesAheadMax),
            ageMax: section.duration(.filesAgeMax),
            unchanged: section.duration(.filesUnchanged),
            done: section.choice(.filesDone),
            doneDirectory: section.text(.filesDoneDirectory),
            rescan: section.duration(.filesRescan))
        checkDone(files, section)
        return files
    }

    private func checkPath(_ path: String, _ setting: Setting, _ section: SectionReader) {
        if !path.hasPrefix("/") {
            section.report(setting, "= \(quoted(path)) is not an absolute path")
        } else if path.utf8.count > ConfigurationLimits.pathLengthMax
            || path.unicodeScalars.contains("\0")
        {
            section.report(setting, "is no path: too long, or with a zero byte in it")
        } else if setting.key == Setting.filesPath.key, path.hasSuffix("/") {
            section.report(
                setting, "= \(quoted(path)) is a folder; write \(quoted(path + "*")) for its files")
        }
    }

    /// The section's name; of a long path, its end.
    private func name(_ section: SectionReader, path: String) -> String {
        let name = section.optionalText(.filesName) ?? Self.shortened(path)
        checkName(name, .filesName, section)
        return name
    }

    private static func shortened(_ path: String) -> String {
        let max = ConfigurationLimits.listenerNameLength.upperBound
        guard path.utf8.count > max else { return path }
        let mark = "…"
        var end = Substring(path)
        while end.utf8.count + mark.utf8.count > max { end = end.dropFirst() }
        return mark + end
    }

    private func checkDone(_ files: Configuration.Files, _ section: SectionReader) {
        if files.mode == .follow, files.done != .keep {
            section.report(
                .filesDone,
                "= \"\(files.done.rawValue)\" is for mode = \"drop\": a file that is"
                    + " followed belongs to its writer")
        }
        if files.done == .move {
            checkPath(files.doneDirectory, .filesDoneDirectory, section)
        }
    }
}
