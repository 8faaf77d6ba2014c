/// Reports every key and section that is not known, each with the nearest right one.
struct KeyChecker {
    let problems: ProblemCollector

    private static let sections = Setting.Section.allCases

    /// Checks the top of the document: only sections stand there.
    func checkTop(_ document: TOMLTable) {
        for (key, node) in document.entries {
            if let section = Setting.Section(rawValue: key) {
                checkShape(section, node)
            } else {
                problems.report(node.line, unknownAtTop(key, node))
            }
        }
    }

    /// Checks the keys of one section that is there.
    func checkKeys(_ reader: SectionReader) {
        let settings = Setting.all.filter { $0.section == reader.section }
        for (key, node) in reader.table?.entries ?? []
        where !settings.contains(where: { $0.key == key }) {
            problems.report(node.line, unknownKey(key, reader.section, settings))
        }
    }

    private func checkShape(_ section: Setting.Section, _ node: TOMLNode) {
        let isRight = section.isRepeated ? node.array != nil : node.table != nil
        if !isRight { reportShape(section, node) }
    }

    func reportShape(_ section: Setting.Section, _ node: TOMLNode) {
        problems.report(node.line, "\(section.rawValue) must be written as \(section.header)")
    }

    private func unknownAtTop(_ key: String, _ node: TOMLNode) -> String {
        let isSection = node.table != nil || node.array?.first?.table != nil
        if isSection {
            let name = "[\(shownKey(key))]"
            if let near = nearest(to: key, among: Self.sections.map(\.rawValue)) {
                return
                    "unknown section \(name); did you mean \(Setting.Section(rawValue: near)!.header)?"
            }
            let known = Self.sections.map(\.header).joined(separator: " ")
            return "unknown section \(name); there are \(known)"
        }
        if let home = Setting.all.first(where: { $0.key == key }) {
            return
                "unknown key \(shownKey(key)) outside of a section; it belongs below \(home.section.header)"
        }
        return "unknown key \(shownKey(key)) outside of a section"
            + hint(key, Setting.all.map { ($0.key, " below \($0.section.header)") })
    }

    private func unknownKey(
        _ key: String, _ section: Setting.Section, _ settings: [Setting]
    ) -> String {
        let start = "unknown key \(section.rawValue).\(shownKey(key))"
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
