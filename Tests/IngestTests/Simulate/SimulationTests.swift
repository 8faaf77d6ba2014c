import Glibc
import Testing

@testable import Ingest

@Suite struct SimulationTests {
    /// A simulation into a receiver of our own: its report, and what arrived.
    func simulate(
        _ plan: SimulationPlan, on endpoint: Endpoint = loopback
    ) throws -> (report: SimulationReport, texts: [String]) {
        let sink = TestSink()
        let receiver = Receiver(
            socket: try DatagramSocket(bindingTo: endpoint, receiveBuffer: 4 << 20),
            origin: FrameOrigin(source: 0, attributes: 0), allow: AddressFilter(), sink: sink)
        var simulation = try UDPSimulation(plan, to: receiver.endpoint)
        let report = try simulation.run()
        // Everything is queued by now; a stopped receiver takes just that.
        receiver.stop()
        try receiver.run()
        return (report, sink.texts)
    }

    @Test(arguments: [nil, 5000.0])
    func `what the report says is what arrives`(rate: Double?) throws {
        var plan = SimulationPlan()
        plan.sensors = 7
        plan.areas = 2
        plan.rate = rate
        plan.lineCount = 1003
        plan.linesPerDatagram = 10
        plan.badEvery = 100
        let (report, texts) = try simulate(plan)
        #expect(report.datagrams == 101)
        #expect(texts.count == 101)
        let counts = texts.map { $0.split(separator: "\n").count }
        #expect(counts.dropLast().allSatisfy { $0 == 10 } && counts.last == 3)
        #expect(report.bytes == texts.reduce(0) { $0 + $1.utf8.count })
        #expect(report.lines.lines == 1003 && report.lines.bad == 10)
        let readings = texts.joined().split(separator: "\n").compactMap { TestReading($0) }
        let weather = readings.count { $0.measurement == "environmental_weatherdata" }
        #expect(weather == report.lines.weather)
        #expect(report.refusals == 0)
    }

    @Test(.enabled(if: hasIPv6, "this host has no IPv6 loopback"))
    func `it sends over IPv6`() throws {
        var plan = SimulationPlan()
        plan.lineCount = 1
        let (report, texts) = try simulate(plan, on: Endpoint("[::1]:0")!)
        #expect(report.target.hasPrefix("[::1]:"))
        #expect(texts.count == 1)
    }

    @Test func `timestamps are the wall clock's`() throws {
        var plan = SimulationPlan()
        plan.lineCount = 100
        plan.rate = nil
        let before = DatagramBatch.wallClock()
        let (_, texts) = try simulate(plan)
        let after = DatagramBatch.wallClock()
        let times = texts.map { TestReading($0.dropLast())!.time }
        // Ten readings of each sensor may have to be moved on by a microsecond each.
        #expect(times.allSatisfy { ($0 >= before) && ($0 <= after + 10_000) })
    }

    @Test func `a request to stop ends it, with a report`() throws {
        let socket = try DatagramSocket(bindingTo: loopback)
        var simulation = try UDPSimulation(SimulationPlan(), to: socket.endpoint)
        var questions = 0
        let report = try simulation.run(until: {
            questions += 1
            return questions == 3
        })
        #expect(report.lines.lines == report.datagrams)
        #expect((1...2).contains(report.datagrams))
    }

    @Test func `a missing listener is noticed, and everything is still sent`() throws {
        // An address of its own: another test must not take the port meanwhile.
        let endpoint = try DatagramSocket(bindingTo: Endpoint("127.0.0.77:0")!).endpoint
        var plan = SimulationPlan()
        plan.lineCount = 50
        plan.rate = nil
        var simulation = try UDPSimulation(plan, to: endpoint)
        let report = try simulation.run()
        #expect(report.datagrams == 50)
        #expect(report.refusals >= 49)
        #expect(report.description.contains("nobody listened there"))
    }

    @Test func `a file gets the same lines each time, a pace apart`() throws {
        let path = "/tmp/sluice-simulate-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).lp"
        defer { unlink(path) }
        var plan = SimulationPlan()
        plan.sensors = 2
        plan.rate = 2
        plan.duration = .seconds(20)
        let first: Int64 = 1_700_000_000_000_000_000
        var texts: [String] = []
        for _ in 0..<2 {
            let report = try FileSimulation(plan, path: path, firstTime: first).run()
            let text = try contents(of: path)
            #expect(report.lines.lines == 40)
            #expect(report.bytes == text.utf8.count)
            texts.append(text)
        }
        #expect(texts[0] == texts[1])
        let times = texts[0].split(separator: "\n").map { TestReading($0)!.time }
        #expect(times == (0..<40).map { first + Int64($0) * 500_000_000 })
    }

    @Test func `a file that cannot be written is told`() {
        var plan = SimulationPlan()
        plan.lineCount = 1
        let error = #expect(throws: FileSimulation.Failure.self) {
            try FileSimulation(plan, path: "/nowhere/lines").run()
        }
        #expect(error?.description == "cannot write to /nowhere/lines: No such file or directory")
    }

    @Test func `a plan without an end is not for a file`() {
        var plan = SimulationPlan()
        #expect(FileSimulation.complaint(about: plan, firstTime: nil)?.contains("an end") == true)
        plan.lineCount = .max
        #expect(FileSimulation.complaint(about: plan, firstTime: nil)?.contains("years") == true)
        plan.lineCount = 10
        #expect(FileSimulation.complaint(about: plan, firstTime: nil) == nil)
        #expect(FileSimulation.complaint(about: plan, firstTime: -1) != nil)
    }

    @Test func `the report is one JSON object`() throws {
        var plan = SimulationPlan()
        plan.areas = 2
        var report = SimulationReport(target: "a\"b\\c\n", plan: plan)
        report.lines = LineTally(readings: 7, weather: 2, bad: 1)
        report.datagrams = 5
        report.bytes = 1000
        report.seconds = 2.0005
        #expect(
            report.json == #"{"target":"a\"b\\c\u000a","datagrams":5,"lines":10,"readings":7,"#
                + #""weather":2,"bad_lines":1,"bytes":1000,"sensors":10,"areas":2,"refusals":0,"#
                + #""seconds":2.001,"lines_per_second":5}"#)
    }

    func contents(of path: String) throws -> String {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
