import Glibc

/// What went wrong with a socket, in one line: what, where, what to do.
package struct SocketError: Error, Equatable, CustomStringConvertible {
    /// The `errno` of the call; 0 when the descriptor itself was the wrong one.
    package let code: CInt
    package let description: String

    init(_ operation: String, code: CInt, advice: String? = nil) {
        self.code = code
        let reason = unsafe String(cString: strerror(code))
        description = "\(operation): \(reason)" + (advice.map { "; \($0)" } ?? "")
    }

    init(wrongDescriptor description: String) {
        code = 0
        self.description = description
    }

    static func binding(_ endpoint: Endpoint, code: CInt) -> SocketError {
        SocketError(
            "cannot listen on udp \(endpoint)", code: code, advice: advice(endpoint, code: code))
    }

    private static func advice(_ endpoint: Endpoint, code: CInt) -> String? {
        switch code {
        case EADDRINUSE:
            return "stop the program that `ss -lunp 'sport = :\(endpoint.port)'` names, "
                + "or listen on another port"
        case EACCES, EPERM:
            return "ports below 1024 need CAP_NET_BIND_SERVICE: let a systemd socket unit own "
                + "the port, or listen on a higher one"
        case EADDRNOTAVAIL:
            let every = endpoint.address.isVersion4 ? "0.0.0.0" : "[::]"
            return "`ip address` lists this machine's addresses; "
                + "\(every):\(endpoint.port) listens on all of them"
        case EAFNOSUPPORT:
            return "this machine or the service's RestrictAddressFamilies= does without "
                + (endpoint.address.isVersion4 ? "IPv4" : "IPv6")
                + ": have a socket unit open the port, or allow it as remote-database.conf does"
        default: return nil
        }
    }
}
