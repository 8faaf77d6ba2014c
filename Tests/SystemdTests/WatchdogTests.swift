import Systemd
import Testing

@Suite struct WatchdogTests {
    private func timeout(_ environment: [String: String]) -> Duration? {
        watchdogTimeout(environment: { environment[$0] }, processID: 42)
    }

    @Test func `the manager's time is taken`() {
        #expect(timeout(["WATCHDOG_USEC": "3000000"]) == .seconds(3))
        #expect(timeout(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "42"]) == .seconds(3))
    }

    @Test func `another process's watchdog is not ours`() {
        #expect(timeout(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "43"]) == nil)
        #expect(timeout(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "x"]) == nil)
    }

    @Test(arguments: ["0", "", "-1", "soon", "99999999999999999999999", "18446744073709551615"])
    func `what is not a time is no watchdog`(text: String) {
        #expect(timeout(["WATCHDOG_USEC": text]) == nil)
    }

    @Test func `no variable, no watchdog`() {
        #expect(timeout([:]) == nil)
    }
}
