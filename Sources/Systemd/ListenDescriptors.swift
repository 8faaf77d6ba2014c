import Glibc

/// A socket that the service manager opened and handed over.
package struct ListenDescriptor: Sendable, Equatable {
    package enum Family: Sendable, Equatable { case ipv4, ipv6, unix, other }
    package enum Kind: Sendable, Equatable {
        case datagram(Family)
        case stream(Family)
        /// Something else than a socket of these two kinds: a file, a pipe.
        case other
    }

    package let descriptor: Int32
    /// From the socket unit's `FileDescriptorName=`, by default the unit's own name.
    package let name: String
    package let kind: Kind

    package init(descriptor: Int32, name: String, kind: Kind) {
        self.descriptor = descriptor
        self.name = name
        self.kind = kind
    }
}

/// The first one that is handed over, always; the others follow it.
package let firstListenDescriptor: Int32 = 3

/// What a caller cannot have meant: more descriptors than a process may have.
private let descriptorsMax = 1 << 16

/// The sockets that the service manager handed to this process; none without one.
///
/// From here on they are the caller's to close. They are closed in children.
package func listenDescriptors(
    environment: EnvironmentLookup = processEnvironment, processID: Int32 = getpid(),
    first: Int32 = firstListenDescriptor
) -> [ListenDescriptor] {
    // The variables are inherited by children, the descriptors may be others there.
    guard environment("LISTEN_PID").flatMap({ Int32($0) }) == processID else { return [] }
    guard let count = environment("LISTEN_FDS").flatMap({ Int($0) }),
        (0...descriptorsMax).contains(count)
    else { return [] }
    let names = (environment("LISTEN_FDNAMES") ?? "")
        .split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    return (0..<count).map { index in
        let descriptor = first + Int32(index)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let name = index < names.count && !names[index].isEmpty ? names[index] : "unknown"
        return ListenDescriptor(
            descriptor: descriptor, name: name, kind: socketKind(of: descriptor))
    }
}

private func socketKind(of descriptor: Int32) -> ListenDescriptor.Kind {
    let family: ListenDescriptor.Family
    switch socketOption(SO_DOMAIN, of: descriptor) {
    case AF_INET: family = .ipv4
    case AF_INET6: family = .ipv6
    case AF_UNIX: family = .unix
    case nil: return .other
    default: family = .other
    }
    switch socketOption(SO_TYPE, of: descriptor) {
    case Int32(SOCK_DGRAM.rawValue): return .datagram(family)
    case Int32(SOCK_STREAM.rawValue): return .stream(family)
    default: return .other
    }
}

private func socketOption(_ option: Int32, of descriptor: Int32) -> Int32? {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 else { return nil }
    return value
}
