/// The window of times of each source, by the index that frames carry.
package struct TimeLimits: Sendable {
    /// By index, up to the last source that is configured.
    private var windows: [TimeWindow] = []

    /// For every source the standard.
    package init() {}

    /// - Parameters:
    ///   - sourceCount: how many indexes there may be.
    ///   - name: the listener or the files that an index stands for, nil when it stands for none.
    package init(
        _ configuration: Configuration, sourceCount: Int, name: (UInt16) -> String?
    ) {
        for index in 0..<sourceCount {
            guard let name = name(UInt16(index)),
                let window = Self.window(of: name, in: configuration)
            else { continue }
            while windows.count < index { windows.append(.standard) }
            windows.append(window)
        }
    }

    /// What is configured for the listener or the files of a name.
    private static func window(of name: String, in configuration: Configuration) -> TimeWindow? {
        if let listener = configuration.listeners.first(where: { $0.name == name }) {
            return TimeWindow(aheadMax: listener.aheadMax, ageMax: listener.ageMax)
        }
        guard let files = configuration.files.first(where: { $0.name == name }) else { return nil }
        return TimeWindow(aheadMax: files.aheadMax, ageMax: files.ageMax)
    }

    /// The window of a source; the standard for one that is not configured, or not any more.
    package subscript(source: UInt16) -> TimeWindow {
        let index = Int(source)
        return index < windows.count ? windows[index] : .standard
    }
}
