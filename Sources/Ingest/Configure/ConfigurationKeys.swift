import TOMLKit

/// Reports every key and section that is not known, each with the nearest right one.
struct KeyChecker {
    let problems: ProblemCollector

    private static let sections = Setting.Section.allCases

    /// Checks the top of the document: only sections stand there.
    func checkTop(_ document: TOMLTable) {
        for (key, value) in document {
            if let section = Setting.Section(rawValue: key) {
                checkShape(section, value)
            } else {
                problems.report([.key(key)], unknownAtTop(key, value))
            }
        }
    }

    /// Checks the keys of one section that is there.
    func checkKeys(_ reader: SectionReader) {
        guard let table = reader.table else { return }
        let settings = Setting.all.filter { $0.section == reader.section }
        for key in table.keys where !settings.contains(where: { $0.key == key }) {
            problems.report(reader.path + [.key(key)], unknownKey(key, reader.section, settings))
        }
    }

    private func checkShape(_ section: Setting.Section, _ value: any TOMLValueConvertible) {
        if value.type == (section.isRepeated ? .array : .table) { return }
        problems.report(
            [.key(section.rawValue)], "\(section.rawValue) must be written as \(section.header)")
    }

    private func unknownAtTop(_ key: String, _ value: any TOMLValueConvertible) -> String {
        let isSection =
            value.type == .table || value.type == .array && value.array?.first?.table != nil
        if isSection {
            let name = "[\(key)]"
            if let near = nearest(to: key, among: Self.sections.map(\.rawValue)) {
                return
                    "unknown section \(name); did you mean \(Setting.Section(rawValue: near)!.header)?"
            }
            let known = Self.sections.map(\.header).joined(separator: " ")
            return "unknown section \(name); there are \(known)"
        }
        if let home = Setting.all.first(where: { $0.key == key }) {
            return
                "unknown key \(key) outside of a section; it belongs below \(home.section.header)"
        }
        return "unknown key \(key) outside of a section"
            + hint(key, Setting.all.map { ($0.key, " below \($0.section.header)") })
    }

    private func unknownKey(
        _ key: String, _ section: Setting.Section, _ settings: [Setting]
    ) -> String {
        let start = "unknown key \(section.rawValue).\(key)"
        if let home = Setting.all.first(where: { $0.key == key }) {
            return "\(start); \(key) belongs below \(home.section.header)"
        }
        if nearest(to: key, among: settings.map(\.key)) != nil {
            return start + hint(key, settings.map { ($0.key, "") })
        }
        let known = settings.map(\.key).joined(separator: ", ")
        return "\(start); \(section.header) has the keys \(known)"
    }

    private func hint(_ key: String, _ names: [(name: String, place: String)]) -> String {
        guard let near = nearest(to: key, among: names.map(\.name)) else { return "" }
        let place = names.first { $0.name == near }?.place ?? ""
        return "; did you mean \(near)\(place)?"
    }
}
