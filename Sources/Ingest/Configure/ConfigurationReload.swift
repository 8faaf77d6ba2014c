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
        return changes + filesChanges(from: old.files, to: new.files)
    }

    private static func filesChanges(from old: [Files], to new: [Files]) -> [String] {
        var changes: [String] = []
        for files in old {
            guard let next = new.first(where: { $0.name == files.name }) else {
                changes.append("files \(quoted(files.name)): removed")
                continue
            }
            changes += zip(files.fixed, next.fixed).compactMap(change)
                .map { "files \(quoted(files.name)): \($0)" }
        }
        for files in new where !old.contains(where: { $0.name == files.name }) {
            changes.append("files \(quoted(files.name)): added")
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
        result.files = files.map { files in
            var files = files
            if let next = new.files.first(where: { $0.name == files.name }) {
                files.aheadMax = next.aheadMax
                files.ageMax = next.ageMax
            }
            return files
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

extension Configuration.Files {
    fileprivate var fixed: [NamedValue] {
        [
            ("path", path), ("mode", mode.rawValue), ("precision", precision.name),
            ("unchanged", Interval.text(unchanged)), ("done", done.rawValue),
            ("done_directory", doneDirectory), ("rescan", Interval.text(rescan)),
        ]
    }
}
