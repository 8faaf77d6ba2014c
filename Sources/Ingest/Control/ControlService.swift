import Glibc
import Logging
import ServiceLifecycle
import Threads

/// Answers what the daemon is asked, on a thread of its own: one connection after another.
struct ControlService: Service {
    private let path: String
    /// `nil` when it cannot listen: the daemon's work does not depend on it.
    private let server: ControlServer?

    /// Who connects from here on is answered once the service runs.
    init(
        path: String, answer: @escaping @Sendable (ControlRequest) -> ControlAnswer, logger: Logger
    ) {
        self.path = path
        server = ControlServer(path: path, answer: answer, logger: logger)
    }

    func run() async throws {
        guard let server else {
            try? await gracefulShutdown()
            return
        }
        let thread = PlainThread(name: "control") { server.serve() }
        try? await gracefulShutdown()
        server.stop()
        await thread.joinWhenEnded()
        unsafe unlink(path)
    }
}

/// The listening side.
private final class ControlServer: Sendable {
    private let socket: LocalSocket
    private let answer: @Sendable (ControlRequest) -> ControlAnswer
    private let isStopping = Lock(false)

    /// - Returns: `nil` when it cannot listen.
    init?(
        path: String, answer: @escaping @Sendable (ControlRequest) -> ControlAnswer, logger: Logger
    ) {
        guard let socket = LocalSocket() else { return nil }
        let code = socket.listen(at: path)
        guard code == 0 else {
            let reason = unsafe String(cString: strerror(code))
            logger.event(
                .controlUnavailable, .warning,
                "the daemon cannot be asked for its status: the control socket could not be opened",
                ["path": "\(path)", "reason": "\(reason)"])
            return nil
        }
        self.socket = socket
        self.answer = answer
    }

    func serve() {
        while !isStopping.withLock({ $0 }) {
            guard let connection = socket.accept() else {
                // Without a descriptor left, trying at once would be a hot loop.
                if !isStopping.withLock({ $0 }) { usleep(100_000) }
                continue
            }
            connection.setPatience(ControlSocket.patience)
            let text = connection.read(max: ControlSocket.requestBytesMax, isLine: true)
            guard let line = text?.split(separator: "\n").first,
                let request = ControlRequest(rawValue: String(line))
            else {
                let known = ControlRequest.allCases.map(\.rawValue).joined(separator: ", ")
                let unknown = ControlAnswer(
                    isDone: false, lines: ["this is no request; there are: \(known)"])
                connection.write(unknown.text)
                continue
            }
            connection.write(answer(request).text)
        }
    }

    func stop() {
        isStopping.withLock { $0 = true }
        socket.stopListening()
    }
}
