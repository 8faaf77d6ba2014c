extension Configuration {
    /// What holds where sockets were handed over: without a `[[udp]]` that says its name or its
    /// address, there is a listener for each name of theirs.
    ///
    /// - Parameter names: of the sockets, in their order.
    func named(after names: [String]) -> Configuration {
        guard let pattern = listeners.isEmpty ? Self.standardListener : listeners.first,
            listeners.count < 2, pattern.name == Setting.listen.standard, !pattern.isListenGiven
        else { return self }
        var result = self
        var named: [Listener] = []
        for name in names where ConfigurationLimits.listenerNameLength.contains(name.utf8.count) {
            guard !named.contains(where: { $0.name == name }),
                !files.contains(where: { $0.name == name })
            else { continue }
            var listener = pattern
            listener.name = name
            named.append(listener)
        }
        if !named.isEmpty { result.listeners = named }
        return result
    }

    /// Where there is no `[[udp]]`: with files alone there is no listener.
    private static var standardListener: Listener? {
        try? Configuration.parse("", path: "", environment: { _ in nil }).listeners.first
    }
}
