/// One key of the configuration file: its place, its values, its default and its meaning.
///
/// The reader, the reference, the documentation's test and the suggestions for misspelt keys all
/// use this one description, so that none of them can say something else than another.
package struct Setting: Sendable {
    package let section: Section
    package let key: String
    let kind: Kind
    /// As it would be written in the file; empty when there is nothing to write.
    let standard: String
    /// What the default is when it cannot be written down as a value.
    let standardMeaning: String
    /// One sentence or two, in plain English.
    package let meaning: String
    /// Whether a reload takes up a change.
    package let isReloadable: Bool

    package enum Section: String, Sendable, CaseIterable {
        case database, ring, batch, udp, files, table, rejects, status, log

        /// `[[udp]]`, `[[files]]` and `[[table]]` may stand more than once.
        package var isRepeated: Bool { [.udp, .files, .table].contains(self) }
        package var header: String { isRepeated ? "[[\(rawValue)]]" : "[\(rawValue)]" }
    }

    enum Kind: Sendable {
        case text
        case texts(max: Int)
        /// One text, or several in brackets.
        case textOrTexts(max: Int)
        case choice([String])
        case count(ClosedRange<Int>)
        case size(ClosedRange<Int>, zero: Bool = false)
        case duration(ClosedRange<Duration>, zero: Bool)
    }

    init(
        _ section: Section, _ key: String, _ kind: Kind, _ standard: String,
        standardMeaning: String = "", reload: Bool = false, _ meaning: String
    ) {
        self.section = section
        self.key = key
        self.kind = kind
        self.standard = standard
        self.standardMeaning = standardMeaning
        self.isReloadable = reload
        self.meaning = meaning
    }

    /// `batch.rows`.
    package var path: String { "\(section.rawValue).\(key)" }
}

extension Setting {
    /// The default as the documentation shows it.
    package var standardText: String {
        if !standardMeaning.isEmpty { return standardMeaning }
        switch kind {
        case .count: return standard
        case .texts: return "[]"
        case .text, .textOrTexts, .choice, .size, .duration: return "\"\(standard)\""
        }
    }

    /// What values may be written.
    package var unit: String {
        switch kind {
        case .text: return "text"
        case .texts: return "list of texts"
        case .textOrTexts: return "text or list of texts"
        case .choice(let choices): return choices.joined(separator: ", ")
        case .count(let range): return "\(range.lowerBound) to \(range.upperBound)"
        case .size, .duration: return rangeText ?? ""
        }
    }

    /// The range as it is written in messages and in the documentation.
    var rangeText: String? {
        switch kind {
        case .count(let range): return "\(range.lowerBound) to \(range.upperBound)"
        case .size(let range, let zero):
            let text = "\(Size.text(range.lowerBound)) to \(Size.text(range.upperBound))"
            return zero ? "0 or \(text)" : text
        case .duration(let range, let zero):
            let text = "\(Interval.text(range.lowerBound)) to \(Interval.text(range.upperBound))"
            return zero ? "0s or \(text)" : text
        case .text, .texts, .textOrTexts, .choice: return nil
        }
    }

    /// The most entries of a list.
    var countMax: Int? {
        switch kind {
        case .texts(let max), .textOrTexts(let max): return max
        case .text, .choice, .count, .size, .duration: return nil
        }
    }

    /// What is expected, for messages about a value of the wrong type.
    var expectation: String {
        switch kind {
        case .text: return "a text in quotes"
        case .texts: return "a list of texts such as [\"a\", \"b\"]"
        case .textOrTexts: return "a text in quotes or a list of texts such as [\"a\", \"b\"]"
        case .choice(let choices):
            return "one of " + choices.map { "\"\($0)\"" }.joined(separator: ", ")
        case .count: return "a whole number"
        case .size: return "a size such as \"\(standard)\" (units \(Size.unitNames))"
        case .duration: return "a duration such as \"\(standard)\" (units \(Interval.unitNames))"
        }
    }
}

extension Configuration {
    /// Every key with its values, default and meaning, for the documentation and for `check`.
    package static var reference: [Setting] { Setting.all }
}
