import Glibc
import Systemd

/// Hands the service manager's sockets to the listeners that they are meant for.
struct InheritedSockets {
    /// Opened by socket units.
    private var opened: [ListenDescriptor]
    /// Bound by a former process of this service, and kept by the manager since.
    private var stored: [ListenDescriptor]

    init(_ descriptors: [ListenDescriptor]) {
        opened = descriptors.filter { $0.storedName == nil }
        stored = descriptors.filter { $0.storedName != nil }
    }

    /// The sockets named like the listener. Where it is the only listener and all sockets have one
    /// name, those, unless the listener is to be at another address than they are.
    mutating func take(
        for listener: Configuration.Listener, isOnly: Bool,
        endpoint: (Int32) -> Endpoint? = DatagramSocket.endpoint(of:)
    ) -> [ListenDescriptor] {
        var name = listener.name
        if isOnly, Set(opened.map(\.name)).count == 1 {
            let isThere = opened.contains {
                endpoint($0.descriptor)?.takesAll(of: listener.listen) ?? false
            }
            if !listener.isListenGiven || isThere { name = opened[0].name }
        }
        defer { opened.removeAll { $0.name == name } }
        return opened.filter { $0.name == name }
    }

    /// The socket that a former process bound for the listener's address.
    mutating func takeStored(for listener: Configuration.Listener) -> ListenDescriptor? {
        let name = StoredDescriptorName(listener.listen)
        return stored.firstIndex { $0.storedName == name }.map { stored.remove(at: $0) }
    }

    /// Sockets of socket units that no listener wanted.
    var left: [ListenDescriptor] { opened }

    /// Closes the stored sockets that no listener wanted: the kernel would keep datagrams for them
    /// that nobody ever takes.
    ///
    /// - Returns: their names, for the manager to forget.
    mutating func closeStored() -> [StoredDescriptorName] {
        defer { stored = [] }
        for socket in stored { close(socket.descriptor) }
        return stored.compactMap(\.storedName)
    }
}

extension StoredDescriptorName {
    /// By the address: a listener that was given another one must not get the old socket.
    init(_ endpoint: Endpoint) { self.init("\(endpoint)") }
}
