import Glibc

/// Writes make-believe readings to a file, as fast as it goes: time is made believe too.
package struct FileSimulation: ~Copyable {
    /// Why the lines could not be written, in one line.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let plan: SimulationPlan
    private let path: String
    private let firstTime: Int64?

    /// - Parameters:
    ///   - path: a file, which is replaced; `-` for standard output.
    ///   - firstTime: the first timestamp, in nanoseconds since 1970; nil lets the last one be
    ///     now.
    /// - Precondition: neither the plan nor `complaint(about:)` has anything to complain about.
    package init(_ plan: SimulationPlan, path: String, firstTime: Int64? = nil) {
        precondition(
            plan.complaint == nil && Self.complaint(about: plan, firstTime: firstTime) == nil)
        self.plan = plan
        self.path = path
        self.firstTime = firstTime
    }

    /// Why such a plan cannot be written to a file, in one line; nil when it can.
    package static func complaint(about plan: SimulationPlan, firstTime: Int64?) -> String? {
        guard let count = lineCount(of: plan) else {
            return "a file needs an end: a number of lines, or a duration and a pace"
        }
        let span = Double(count) * (plan.rate.map { 1e9 / $0 } ?? 1000)
        if span > SimulateLimits.spanMax {
            return "the lines would span more than a hundred years; take fewer or a faster pace"
        }
        if let firstTime, !(0...SimulateLimits.firstTimeMax).contains(firstTime) {
            return "the first timestamp must lie between 0 and \(SimulateLimits.firstTimeMax) ns"
        }
        return nil
    }

    /// How many lines such a plan makes; nil when it has no end.
    private static func lineCount(of plan: SimulationPlan) -> Int? {
        guard let duration = plan.duration, let rate = plan.rate else { return plan.lineCount }
        let seconds = Double(duration.wholeNanoseconds) / 1e9
        return min(plan.lineCount ?? .max, Int(min(seconds * rate, 1e18)))
    }

    /// Writes all lines, or fewer when `isStopped` answers true, and tells what was written.
    package func run(until isStopped: () -> Bool = { false }) throws(Failure) -> SimulationReport {
        let descriptor = try open()
        defer { if descriptor != STDOUT_FILENO { close(descriptor) } }
        let start = Pace.now()
        var report = SimulationReport(target: path, plan: plan)
        var generator = plan.makeGenerator()
        let count = Self.lineCount(of: plan)!
        // Without a rate the lines stand as close together as they may.
        let step = plan.rate.map { 1e9 / $0 } ?? 0
        let first = firstTime ?? DatagramBatch.wallClock() - Int64(Double(count) * step)
        let block = UnsafeMutableRawBufferPointer.allocate(
            byteCount: SimulateLimits.fileBlockSize, alignment: 64)
        defer { unsafe block.deallocate() }
        while generator.lineCount < count && !isStopped() {
            var buffer = unsafe LineBuffer(block)
            while generator.lineCount < count && buffer.hasRoomForLine {
                let age = Int64(Double(generator.lineCount) * step)
                generator.appendLine(to: &buffer, time: first + age)
            }
            try unsafe write(block[..<buffer.count], to: descriptor)
            report.bytes += buffer.count
            report.lines = generator.tally
        }
        report.seconds = Double(Pace.now() - start) / 1e9
        return report
    }

    private func open() throws(Failure) -> CInt {
        if path == "-" { return STDOUT_FILENO }
        let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw failure() }
        return descriptor
    }

    private func write(
        _ bytes: Slice<UnsafeMutableRawBufferPointer>, to descriptor: CInt
    ) throws(Failure) {
        var rest = unsafe UnsafeRawBufferPointer(rebasing: bytes)
        while unsafe !rest.isEmpty {
            let count = unsafe Glibc.write(descriptor, rest.baseAddress!, rest.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw failure() }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    private func failure() -> Failure {
        let reason = unsafe String(cString: strerror(errno))
        return Failure(description: "cannot write to \(path): \(reason)")
    }
}
