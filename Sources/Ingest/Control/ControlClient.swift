import Glibc

/// Asks a daemon that runs.
package enum ControlClient {
    /// A status with a thousand figures is shorter.
    private static let answerBytesMax = 1 << 20

    package static func ask(
        _ request: ControlRequest, at path: String
    ) throws(ControlError) -> ControlAnswer {
        guard let socket = LocalSocket() else {
            throw ControlError(description: "no socket could be made", exitCode: EX_OSERR)
        }
        socket.setPatience(ControlSocket.answerPatience)
        let code = socket.connect(to: path)
        guard code == 0 else { throw unreachable(path, code) }
        guard socket.write("\(request.rawValue)\n"),
            let text = socket.read(max: answerBytesMax, isLine: false),
            let answer = ControlAnswer(text)
        else {
            throw ControlError(
                description: "the daemon at \(path) has not answered; see its journal",
                exitCode: EX_UNAVAILABLE)
        }
        return answer
    }

    private static func unreachable(_ path: String, _ code: CInt) -> ControlError {
        let reason = unsafe String(cString: strerror(code))
        let advice =
            switch code {
            case EACCES, EPERM: "ask as root or as the daemon's user"
            default: "is it running? `systemctl status sluice` tells"
            }
        return ControlError(
            description: "the daemon cannot be asked at \(path): \(reason); \(advice)",
            exitCode: code == EACCES || code == EPERM ? EX_NOPERM : EX_UNAVAILABLE)
    }
}
