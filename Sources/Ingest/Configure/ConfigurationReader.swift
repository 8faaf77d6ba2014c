import TOMLKit

/// Collects what is wrong in a file while it is read; reading goes on behind every problem, so
/// that the operator sees all of them at once.
final class ProblemCollector {
    private let locator: TOMLLocator
    private var problems: [ConfigurationProblem] = []

    init(_ locator: TOMLLocator) {
        self.locator = locator
    }

    func report(_ path: [TOMLStep], _ text: String) {
        problems.append(ConfigurationProblem(line: locator.line(of: path), text: text))
    }

    func report(line: Int, _ text: String) {
        problems.append(ConfigurationProblem(line: line, text: text))
    }

    /// In the order of the file.
    var sorted: [ConfigurationProblem] {
        problems.enumerated()
            .sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
            .map(\.element)
    }
}

/// Reads the keys of one section: the value in the file, or the default.
///
/// A value that is wrong is reported and answered with the default, which is never used: with a
/// problem there is no configuration.
struct SectionReader {
    let problems: ProblemCollector
    let section: Setting.Section
    let path: [TOMLStep]
    /// `nil` when the section does not stand in the file.
    let table: TOMLTable?

    func path(of setting: Setting) -> [TOMLStep] { path + [.key(setting.key)] }

    func has(_ setting: Setting) -> Bool { table?.contains(key: setting.key) ?? false }

    func report(_ setting: Setting, _ text: String) {
        problems.report(path(of: setting), "\(setting.path) \(text)")
    }

    func text(_ setting: Setting) -> String {
        guard let value = value(setting) else { return setting.standard }
        guard let text = value.string else { return wrongType(setting, value, setting.standard) }
        return text
    }

    /// `nil` when the key does not stand in the file.
    func optionalText(_ setting: Setting) -> String? {
        has(setting) ? text(setting) : nil
    }

    func texts(_ setting: Setting) -> [String] {
        guard let value = value(setting) else { return [] }
        if case .textOrTexts = setting.kind, let text = value.string { return [text] }
        guard let array = value.array else { return wrongType(setting, value, []) }
        if case .texts(let max) = setting.kind { checkCount(setting, array.count, max) }
        if case .textOrTexts(let max) = setting.kind { checkCount(setting, array.count, max) }
        var texts: [String] = []
        for element in array {
            guard let text = element.string else { return wrongType(setting, element, []) }
            texts.append(text)
        }
        return texts
    }

    func choice<Choice: RawRepresentable<String>>(_ setting: Setting) -> Choice {
        Choice(rawValue: choiceText(setting))!
    }

    /// One of the setting's choices, always.
    func choiceText(_ setting: Setting) -> String {
        guard case .choice(let choices) = setting.kind, let value = value(setting) else {
            return setting.standard
        }
        guard let text = value.string else { return wrongType(setting, value, setting.standard) }
        if choices.contains(text) { return text }
        let hint = nearest(to: text, among: choices).map { "; did you mean \"\($0)\"?" } ?? ""
        report(setting, "= \(quoted(text)) is not \(setting.expectation)\(hint)")
        return setting.standard
    }

    func count(_ setting: Setting) -> Int {
        let standard = Int(setting.standard)!
        guard case .count(let range) = setting.kind, let value = value(setting) else {
            return standard
        }
        guard let count = value.int else { return wrongType(setting, value, standard) }
        return inRange(setting, count, "\(count)", range.contains(count), standard)
    }

    func size(_ setting: Setting) -> Int {
        let standard = Size.parse(setting.standard)!
        guard case .size(let range) = setting.kind, let value = value(setting) else {
            return standard
        }
        if let bytes = value.int {
            return inRange(setting, bytes, "\(bytes)", range.contains(bytes), standard)
        }
        guard let text = value.string else { return wrongType(setting, value, standard) }
        guard let bytes = Size.parse(text) else { return malformed(setting, text, standard) }
        return inRange(setting, bytes, quoted(text), range.contains(bytes), standard)
    }

    func duration(_ setting: Setting) -> Duration {
        let standard = Interval.parse(setting.standard)!
        guard case .duration(let range, let zero) = setting.kind, let value = value(setting) else {
            return standard
        }
        guard let text = value.string else { return wrongType(setting, value, standard) }
        guard let duration = Interval.parse(text) else {
            return malformed(setting, text, standard)
        }
        let isRight = range.contains(duration) || zero && duration == .zero
        return inRange(setting, duration, quoted(text), isRight, standard)
    }

    private func value(_ setting: Setting) -> (any TOMLValueConvertible)? {
        table?[setting.key]
    }

    private func checkCount(_ setting: Setting, _ count: Int, _ max: Int) {
        if count > max { report(setting, "has \(count) entries; at most \(max) are possible") }
    }

    private func wrongType<Value>(
        _ setting: Setting, _ value: any TOMLValueConvertible, _ standard: Value
    ) -> Value {
        report(setting, "has a value of type \(value.type); write \(setting.expectation)")
        return standard
    }

    private func malformed<Value>(_ setting: Setting, _ text: String, _ standard: Value) -> Value {
        report(setting, "= \(quoted(text)) is not \(setting.expectation)")
        return standard
    }

    private func inRange<Value>(
        _ setting: Setting, _ value: Value, _ text: String, _ isRight: Bool, _ standard: Value
    ) -> Value {
        if isRight { return value }
        report(setting, "= \(text) is out of range; possible is \(setting.rangeText ?? "")")
        return standard
    }
}

/// A text from the file as a message shows it: in quotes, on one line, not endless.
func quoted(_ text: String) -> String {
    let lengthMax = 80
    let line = text.unicodeScalars.prefix(lengthMax).map { $0.value < 0x20 ? " " : $0 }
    let more = text.unicodeScalars.count > lengthMax ? "…" : ""
    return "\"\(String(String.UnicodeScalarView(line)))\(more)\""
}
