import ArgumentParser
import Glibc
import Ingest

/// `sluice simulate`: load from make-believe sensors.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Send readings of make-believe sensors, and print what was sent.",
        discussion: """
            Sends until --count or --duration is reached, or until ctrl-C. The values depend on \
            --seed alone; no sensor ever has two readings in the same microsecond.
            """)

    @Option(help: "Where to send to: address:port, an IPv6 address in brackets.")
    var target = Endpoint("127.0.0.1")!

    @Option(
        help: ArgumentHelp(
            "Write the lines to this file instead, - for standard output.", valueName: "file"))
    var write: String?

    @Option(help: "Number of sensors (environmental_environmentalreading).")
    var sensors = 10

    @Option(help: "Number of areas with weather (environmental_weatherdata).")
    var areas = 0

    @Option(help: "Time between two readings of one sensor, as 500ms or 1s (default: 1s).")
    var interval: DurationArgument?

    @Option(help: "Lines per second of all sensors together, instead of --interval; 0 = flat out.")
    var rate: Double?

    @Option(help: "Lines in each datagram.")
    var linesPerDatagram = 1

    @Option(help: "Stop after this time, as 10s or 5m.")
    var duration: DurationArgument?

    @Option(help: "Stop after so many lines.")
    var count: Int?

    @Option(help: "Where the random values start.")
    var seed: UInt64 = 1

    @Option(help: "Make one line in so many malformed; 0 = none.")
    var badEvery = 0

    @Option(
        help: ArgumentHelp(
            "With --write: the first timestamp (default: so that the last one is now).",
            valueName: "nanoseconds"))
    var firstTime: Int64?

    @Flag(help: "Print what was sent as a JSON object.")
    var json = false

    func validate() throws {
        if interval != nil && rate != nil {
            throw ValidationError("give --interval or --rate, not both")
        }
        if let interval, interval.duration <= .zero {
            throw ValidationError("--interval must be longer than nothing; --rate 0 is flat out")
        }
        if let complaint = plan.complaint { throw ValidationError(complaint) }
        if write == nil {
            if firstTime != nil { throw ValidationError("--first-time goes with --write only") }
        } else if let complaint = FileSimulation.complaint(about: plan, firstTime: firstTime) {
            throw ValidationError(complaint)
        }
    }

    func run() throws {
        StopSignals.install()
        do {
            // What goes to standard output must not be mixed with the report.
            print(try simulate(), to: write == "-" ? STDERR_FILENO : STDOUT_FILENO)
        } catch let error as SocketError {
            print("sluice simulate: \(error)", to: STDERR_FILENO)
            throw ExitCode(EX_UNAVAILABLE)
        } catch let error as FileSimulation.Failure {
            print("sluice simulate: \(error)", to: STDERR_FILENO)
            throw ExitCode(EX_IOERR)
        }
    }

    private func simulate() throws -> String {
        let report: SimulationReport
        if let write {
            report = try FileSimulation(plan, path: write, firstTime: firstTime)
                .run(until: { StopSignals.isRequested })
        } else {
            var simulation = try UDPSimulation(plan, to: target)
            report = try simulation.run(until: { StopSignals.isRequested })
        }
        return json ? report.json : report.description
    }

    private var plan: SimulationPlan {
        var plan = SimulationPlan()
        plan.sensors = sensors
        plan.areas = areas
        plan.rate = linesPerSecond
        plan.linesPerDatagram = linesPerDatagram
        plan.lineCount = count
        plan.duration = duration?.duration
        plan.seed = seed
        plan.badEvery = badEvery
        return plan
    }

    private var linesPerSecond: Double? {
        if let rate { return rate == 0 ? nil : rate }
        let interval = interval?.duration ?? .seconds(1)
        return Double(max(0, sensors) + max(0, areas)) / (interval / .seconds(1))
    }

    private func print(_ text: String, to descriptor: CInt) {
        let line = text + "\n"
        unsafe line.withCString { bytes in
            _ = unsafe Glibc.write(descriptor, bytes, strlen(bytes))
        }
    }
}

extension Endpoint: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }
}
