/// What a descriptor is called in the service manager's store: `FDNAME=` of sd_notify(3).
package struct StoredDescriptorName: Sendable, Equatable {
    /// Tells them from the names of socket units, which are theirs to choose.
    private static let prefix = "stored-"
    /// The manager refuses longer ones.
    private static let lengthMax = 255

    /// Printable ASCII without a colon, which separates the names in `LISTEN_FDNAMES`.
    let text: String

    /// - Parameter name: colons and what else a name may not have become underscores.
    package init(_ name: String) {
        let allowed = name.unicodeScalars.map { scalar in
            (0x21..<0x7f).contains(scalar.value) && scalar != ":" ? scalar : "_"
        }
        let room = Self.lengthMax - Self.prefix.utf8.count
        text = Self.prefix + String(String.UnicodeScalarView(allowed.prefix(room)))
    }

    /// - Parameter text: a name as the manager hands it over; `nil` when it is a socket unit's.
    init?(storedAs text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        self.text = text
    }
}

extension ListenDescriptor {
    /// The name under which a process of this service gave it to the manager; `nil` for what a
    /// socket unit has opened.
    package var storedName: StoredDescriptorName? { StoredDescriptorName(storedAs: name) }
}
