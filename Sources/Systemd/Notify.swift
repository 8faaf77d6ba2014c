import Glibc

/// What the service manager is told.
package enum Notification: Sendable, Equatable {
    /// Sockets and ring are open; also ends a reload.
    case ready
    /// One line for `systemctl status`.
    case status(String)
    /// Every hot loop moves.
    case watchdog
    case stopping
    /// A reload begins; `.ready` must follow when it is over.
    case reloading
    /// The start or stop that is under way needs this much longer, from now on.
    case extendTimeout(Duration)
    /// The manager may close what it keeps under this name.
    case forgetDescriptor(StoredDescriptorName)

    /// Longer status texts are cut.
    static let statusLengthMax = 1000

    /// The lines of the protocol.
    fileprivate var text: String {
        switch self {
        case .ready: return "READY=1"
        case .status(let text): return "STATUS=" + oneLine(text)
        case .watchdog: return "WATCHDOG=1"
        case .stopping: return "STOPPING=1"
        // The manager matches the later READY=1 with this reload by the time in it.
        case .reloading: return "RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())"
        case .extendTimeout(let duration):
            return "EXTEND_TIMEOUT_USEC=\(max(0, microseconds(duration)))"
        case .forgetDescriptor(let name): return "FDSTOREREMOVE=1\nFDNAME=\(name.text)"
        }
    }
}

/// The daemon's line to the service manager. Without one, everything here does nothing.
///
/// The protocol is fixed and a few lines long. libsystemd's call reads the environment anew at
/// every use and cannot be pointed at another socket, so it could not be tested beside other
/// threads.
package struct Notify: Sendable {
    private let address: UnixAddress?

    /// A manager that does not listen for so long must not hold the daemon up.
    private static let sendTimeoutSeconds = 2

    /// - Parameter environment: where `NOTIFY_SOCKET` is looked up, once.
    package init(environment: EnvironmentLookup = processEnvironment) {
        address = environment("NOTIFY_SOCKET").flatMap(UnixAddress.init)
    }

    /// Whether there is a service manager that listens.
    package var isConnected: Bool { address != nil }

    /// Sends all of it in one datagram, so that the manager takes it as one change.
    ///
    /// - Returns: whether the manager has it; `false` also when there is none.
    @discardableResult
    package func send(_ notifications: Notification...) -> Bool {
        guard let address, !notifications.isEmpty, let sender = UnixSender() else { return false }
        sender.setTimeout(seconds: Self.sendTimeoutSeconds)
        let text = notifications.map(\.text).joined(separator: "\n")
        return sender.send(Array(text.utf8), to: address) == 0
    }

    /// Gives the manager a copy of a descriptor to keep: it hands it to the next process of this
    /// service, also after a crash. A service that is stopped loses it.
    ///
    /// The manager does not look at what happens on it: on a socket an error is no reason to let
    /// it go.
    ///
    /// - Returns: whether the manager has been told; it takes as many as `FileDescriptorStoreMax=`
    ///   says, and keeps silent about the others.
    @discardableResult
    package func store(_ descriptor: Int32, as name: StoredDescriptorName) -> Bool {
        guard let address, let sender = UnixSender() else { return false }
        sender.setTimeout(seconds: Self.sendTimeoutSeconds)
        let text = "FDSTORE=1\nFDNAME=\(name.text)\nFDPOLL=0"
        return sender.send(Array(text.utf8), with: descriptor, to: address) == 0
    }
}

/// A line break inside would begin another message.
private func oneLine(_ text: String) -> String {
    let line = text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }
    return String(String.UnicodeScalarView(line.prefix(Notification.statusLengthMax)))
}

private func monotonicMicroseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
}

private func microseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
}
