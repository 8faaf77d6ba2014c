/// Collects what is wrong in a file while it is read; reading goes on behind every problem, so
/// that the operator sees all of them at once.
final class ProblemCollector {
    private var problems: [ConfigurationProblem] = []

    func report(_ line: Int?, _ text: String) {
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
    /// The header's line, and what is below it; `nil` when the section does not stand in the file.
    let line: Int?
    let table: TOMLTable?

    func has(_ setting: Setting) -> Bool { table?[setting.key] != nil }

    /// - Parameter line: by default the key's.
    func report(_ setting: Setting, line: Int? = nil, _ text: String) {
        problems.report(line ?? value(setting)?.line ?? self.line, "\(setting.path) \(text)")
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
        lines(setting).map(\.text)
    }

    /// The texts of a list, each with its line.
    func lines(_ setting: Setting) -> [(text: String, line: Int)] {
        guard let value = value(setting) else { return [] }
        if case .textOrTexts = setting.kind, let text = value.string { return [(text, value.line)] }
        guard let array = value.array else { return wrongType(setting, value, []) }
        if let max = setting.countMax, array.count > max {
            report(setting, "has \(array.count) entries; at most \(max) are possible")
        }
        var texts: [(text: String, line: Int)] = []
        for element in array {
            guard let text = element.string else { return wrongType(setting, element, []) }
            texts.append((text, element.line))
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
        guard let count = value.integer else { return wrongType(setting, value, standard) }
        return inRange(setting, count, "\(count)", range.contains(count), standard)
    }

    func size(_ setting: Setting) -> Int {
        let standard = Size.parse(setting.standard)!
        guard case .size(let range, let zero) = setting.kind, let value = value(setting) else {
            return standard
        }
        let isRight = { (bytes: Int) in range.contains(bytes) || zero && bytes == 0 }
        if let bytes = value.integer {
            return inRange(setting, bytes, "\(bytes)", isRight(bytes), standard)
        }
        guard let text = value.string else { return wrongType(setting, value, standard) }
        guard let bytes = Size.parse(text) else { return malformed(setting, text, standard) }
        return inRange(setting, bytes, quoted(text), isRight(bytes), standard)
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

    private func value(_ setting: Setting) -> TOMLNode? {
        table?[setting.key]
    }

    private func wrongType<Value>(
        _ setting: Setting, _ value: TOMLNode, _ standard: Value
    ) -> Value {
        report(
            setting, line: value.line,
            "has a \(value.value.typeName) where it needs \(setting.expectation)")
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
    return "\"\(shortened(text, to: 80))\""
}

/// A key from the file as a message shows it: bare where it can be.
func shownKey(_ key: String) -> String {
    let isBare = key.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) != nil
    return isBare ? key : quoted(key)
}

private func shortened(_ text: String, to lengthMax: Int) -> String {
    let line = text.unicodeScalars.prefix(lengthMax).map { isControl($0) ? " " : $0 }
    let more = text.unicodeScalars.count > lengthMax ? "…" : ""
    return String(String.UnicodeScalarView(line)) + more
}

/// What would break a line or drive a terminal.
func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || scalar.value == 0x2028
        || scalar.value == 0x2029
}
