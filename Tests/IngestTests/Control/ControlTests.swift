import Glibc
import Testing
import Threads

@testable import Ingest

@Suite struct ControlTests {
    @Test(arguments: [
        ControlAnswer(isDone: true, lines: []),
        ControlAnswer(isDone: true, lines: ["a", "b c"]),
        ControlAnswer(isDone: false, lines: ["sluice.toml:3: no"]),
    ])
    func `an answer is read as it was written`(answer: ControlAnswer) {
        #expect(ControlAnswer(answer.text) == answer)
    }

    @Test(arguments: ["", "done", "fine\n", "faile"])
    func `half an answer is none`(text: String) {
        #expect(ControlAnswer(text) == nil)
    }

    @Test func `the daemon answers one after another, and outlives who says nothing sensible`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/control"
        let asked = Lock<[ControlRequest]>([])
        let service = ControlService(
            path: path,
            answer: { request in
                asked.withLock { $0.append(request) }
                return ControlAnswer(isDone: request != .reload, lines: [request.rawValue])
            }, logger: LogRecorder().logger)
        let running = Task { try await service.run() }
        while access(path, F_OK) != 0 { try await Task.sleep(for: .milliseconds(5)) }
        guard let nonsense = LocalSocket(), let silent = LocalSocket() else {
            Issue.record("no socket could be made")
            return
        }
        let code = nonsense.connect(to: path)
        nonsense.write("make coffee\n")
        let told = nonsense.read(max: 1000, isLine: false)
        #expect(code == 0 && told?.hasPrefix("failed\n") == true)
        _ = silent.connect(to: path)
        silent.finishSending()
        #expect(try ControlClient.ask(.statusJSON, at: path).lines == ["status json"])
        #expect(try ControlClient.ask(.reload, at: path).isDone == false)
        #expect(asked.withLock { $0 } == [.statusJSON, .reload])
        #expect(mode(of: path) == 0o600)
        running.cancel()
        try await running.value
        #expect(access(path, F_OK) != 0)
    }

    @Test func `who is not there is told with what to do`() {
        let error = #expect(throws: ControlError.self) {
            try ControlClient.ask(.status, at: "/nowhere/control")
        }
        #expect(error?.exitCode == EX_UNAVAILABLE)
        #expect(error?.description.contains("is it running?") == true)
    }

    @Test func `a path that is too long for a socket is told, and nothing else happens`() async {
        let log = LogRecorder()
        let service = ControlService(
            path: "/tmp/" + String(repeating: "x", count: 200),
            answer: { _ in ControlAnswer(isDone: true, lines: []) }, logger: log.logger)
        let running = Task { try await service.run() }
        running.cancel()
        try? await running.value
        #expect(log.take().map(\.level) == [.warning])
    }

    @Test func `the socket is in the runtime directory, else beside the ring`() throws {
        let configuration = try parse("[ring]\ndirectory = \"/r\"")
        #expect(
            ControlSocket.path(of: configuration) { $0 == "RUNTIME_DIRECTORY" ? "/a:/b" : nil }
                == "/a/control")
        #expect(ControlSocket.path(of: configuration) { _ in nil } == "/r/control")
        #expect(ControlSocket.path(nil) { _ in nil } == "/run/sluice/control")
    }

    private func mode(of path: String) -> mode_t {
        var status = stat()
        stat(path, &status)
        return status.st_mode & 0o777
    }
}
