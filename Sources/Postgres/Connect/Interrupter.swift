import CLibPQ
import Glibc

/// Interrupts what a connection is waiting for, from any thread.
@safe
package final class Interrupter: @unchecked Sendable {
    // @unchecked: neither property changes after `init`, and `PQcancel` only reads.
    private let request: OpaquePointer?
    /// A duplicate: its number is never given to another file while we live.
    private let socket: Int32

    /// Remembers how to reach the server's process behind `connection`.
    init(_ connection: OpaquePointer) {
        unsafe request = PQgetCancel(connection)
        unsafe socket = fcntl(PQsocket(connection), F_DUPFD_CLOEXEC, 0)
    }

    deinit {
        unsafe PQfreeCancel(request)
        if socket >= 0 { close(socket) }
    }

    /// Asks the server to end the running statement, which then fails with SQLSTATE 57014.
    ///
    /// Danger: it connects, and so blocks while the server cannot be reached. A statement that is
    /// over by then is not harmed, but the next one may be.
    ///
    /// - Returns: whether the request was sent.
    @discardableResult
    package func cancel() -> Bool {
        var message = [CChar](repeating: 0, count: 256)
        return unsafe PQcancel(request, &message, Int32(message.count)) == 1
    }

    /// Cuts the connection: whoever waits for the server gets an error at once. Never blocks.
    package func sever() {
        if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
    }
}
