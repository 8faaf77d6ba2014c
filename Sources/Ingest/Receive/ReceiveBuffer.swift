/// What was asked of the kernel as room for datagrams not yet received, and what it gave.
package struct ReceiveBuffer: Equatable, Sendable {
    /// Bytes asked for; nil leaves the system's default alone.
    package let asked: Int?
    /// Bytes granted, in the measure in which they are asked for. The kernel keeps the double,
    /// half of it for its own bookkeeping, and reports the double.
    package let granted: Int

    package init(asked: Int?, granted: Int) {
        self.asked = asked
        self.granted = granted
    }

    package var isGranted: Bool { granted >= (asked ?? 0) }

    /// What to say when less was granted: one line, with the command that helps.
    package var complaint: String? {
        guard let asked, !isGranted else { return nil }
        return "the kernel granted a receive buffer of \(granted) bytes, not \(asked): "
            + "run `sysctl -w net.core.rmem_max=\(asked)` (and keep it in /etc/sysctl.d/), "
            + "or set ReceiveBuffer=\(asked) in the socket unit"
    }
}
