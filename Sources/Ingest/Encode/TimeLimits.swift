/// The window of times of each source, by the index that frames carry.
package struct TimeLimits: Sendable {
    /// By index, up to the last source that is configured.
    private var windows: [TimeWindow] = []

    /// For every source the standard.
    package init() {}

    /// - Parameters:
    ///   - sourceCount: how many indexes there may be.
    ///   - name: the listener that an index stands for, nil when it stands for none.
    package init(
        _ configuration: Configuration, sourceCount: Int, name: (UInt16) -> String?
    ) {
        for index in 0..<sourceCount {
            let name = name(UInt16(index))
            let listener = configuration.listeners.first { $0.name == name }
            guard let listener else { continue }
            while windows.count < index { windows.append(.standard) }
            windows.append(TimeWindow(aheadMax: listener.aheadMax, ageMax: listener.ageMax))
        }
    }

    /// The window of a source; the standard for one that is not configured, or not any more.
    package subscript(source: UInt16) -> TimeWindow {
        let index = Int(source)
        return index < windows.count ? windows[index] : .standard
    }
}
