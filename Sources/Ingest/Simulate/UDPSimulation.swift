/// Sends make-believe readings to a UDP port, at a steady pace or as fast as it goes.
package struct UDPSimulation: ~Copyable {
    private let plan: SimulationPlan
    private var sender: DatagramSender
    private var generator: ReadingGenerator
    private var report: SimulationReport

    /// - Precondition: the plan has nothing to complain about.
    package init(_ plan: SimulationPlan, to target: Endpoint) throws(SocketError) {
        precondition(plan.complaint == nil)
        self.plan = plan
        sender = try DatagramSender(
            to: target, datagramSize: plan.linesPerDatagram * SimulateLimits.lineMax)
        generator = plan.makeGenerator()
        report = SimulationReport(target: "\(target)", plan: plan)
    }

    /// Sends until the plan is fulfilled or `isStopped` answers true, and tells what was sent.
    package mutating func run(
        until isStopped: () -> Bool = { false }
    ) throws(SocketError) -> SimulationReport {
        let pace = Pace(rate: plan.rate, start: Pace.now())
        let end = plan.duration.map { pace.start + $0.wholeNanoseconds } ?? .max
        while !isStopped() {
            let now = Pace.now()
            let left = (plan.lineCount ?? .max) - generator.lineCount
            if left <= 0 || now >= end { break }
            let datagrams = datagramsDue(by: now, pace: pace, left: left)
            if datagrams == 0 {
                let lines = min(plan.linesPerDatagram, left)
                Pace.sleep(
                    until: min(pace.time(ofLine: generator.lineCount + lines - 1), end), from: now)
            } else {
                try send(datagrams, left: left, step: pace.step)
            }
        }
        report.seconds = Double(Pace.now() - pace.start) / 1e9
        report.refusals = sender.refusalCount
        return report
    }

    /// How many datagrams go out with the next call. Only the last of all may be smaller.
    private func datagramsDue(by now: Int64, pace: Pace, left: Int) -> Int {
        let perDatagram = plan.linesPerDatagram
        let due = pace.linesDue(by: now)
        let lines = due == .max ? left : min(due - generator.lineCount, left)
        let datagrams = lines == left ? (lines - 1) / perDatagram + 1 : lines / perDatagram
        return min(datagrams, SimulateLimits.batchCount)
    }

    /// - Parameter step: nanoseconds between two lines: those of one datagram were measured one
    ///   after the other, the last one just now.
    private mutating func send(
        _ datagrams: Int, left: Int, step: Double
    ) throws(SocketError) {
        var left = left
        var bytes = 0
        for index in 0..<datagrams {
            let lines = min(plan.linesPerDatagram, left)
            left -= lines
            let time = DatagramBatch.wallClock()
            bytes += sender.fill(index) { buffer in
                for line in 0..<lines {
                    let age = Int64(Double(lines - 1 - line) * step)
                    generator.appendLine(to: &buffer, time: time - age)
                }
            }
        }
        try sender.send(datagrams)
        report.datagrams += datagrams
        report.bytes += bytes
        report.lines = generator.tally
    }
}

extension Duration {
    /// Nanoseconds, as many as an Int64 holds.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds < Int64.max / 2_000_000_000 else { return .max / 2 }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
