/// What a reload takes up, and what it cannot.
extension Configuration {
    /// The changes that a running daemon cannot take up, one line each, such as
    /// `ring.size: 256MiB → 1GiB`. Empty when a reload takes up everything.
    package static func changesNeedingRestart(
        from old: Configuration, to new: Configuration
    ) -> [String] {
        var changes = zip(old.ring.fixed, new.ring.fixed).compactMap(change)
        changes += zip(old.rejects.fixed, new.rejects.fixed).compactMap(change)
        if old.log.format != new.log.format {
            changes.append("log.format: \(old.log.format.rawValue) → \(new.log.format.rawValue)")
        }
        for listener in old.listeners {
            guard let next = new.listeners.first(where: { $0.name == listener.name }) else {
                changes.append("udp \(quoted(listener.name)): removed")
                continue
            }
            changes += zip(listener.fixed, next.fixed).compactMap(change)
                .map { "udp \(quoted(listener.name)): \($0)" }
        }
        for listener in new.listeners
        where !old.listeners.contains(where: { $0.name == listener.name }) {
            changes.append("udp \(quoted(listener.name)): added")
        }
        return changes
    }

    /// What runs after a reload: everything of the new configuration that can be taken up, and
    /// the rest as it was.
    package func reloaded(with new: Configuration) -> Configuration {
        var result = new
        result.ring = ring
        result.rejects = rejects
        result.log.format = log.format
        result.listeners = listeners.map { listener in
            var listener = listener
            if let next = new.listeners.first(where: { $0.name == listener.name }) {
                listener.allow = next.allow
                listener.aheadMax = next.aheadMax
                listener.ageMax = next.ageMax
            }
            return listener
        }
        return result
    }
}

private typealias NamedValue = (name: String, text: String)

private func change(_ old: NamedValue, _ new: NamedValue) -> String? {
    old.text == new.text ? nil : "\(old.name): \(old.text) → \(new.text)"
}

extension Configuration.Ring {
    fileprivate var fixed: [NamedValue] {
        [
            ("ring.directory", directory), ("ring.size", Size.text(size)),
            ("ring.overflow", overflow.rawValue), ("ring.sync", Interval.text(sync)),
            ("ring.lanes", "\(lanes)"),
        ]
    }
}

extension Configuration.Rejects {
    fileprivate var fixed: [NamedValue] {
        [
            ("rejects.directory", directory), ("rejects.size", Size.text(size)),
            ("rejects.file_size", Size.text(fileSize)),
            ("rejects.file_age", Interval.text(fileAge)),
        ]
    }
}

extension Configuration.Listener {
    fileprivate var fixed: [NamedValue] {
        [
            ("listen", "\(listen)"), ("precision", precision.name),
            ("receive_buffer", Size.text(receiveBuffer)), ("datagram_max", Size.text(datagramMax)),
        ]
    }
}
