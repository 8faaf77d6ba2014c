import Glibc
import Testing

@testable import Ingest

/// One line of the simulator, taken apart.
struct TestReading {
    let measurement: String
    let source: String
    let fields: [String: String]
    let time: Int64

    init?(_ line: Substring) {
        let parts = line.split(separator: " ")
        guard parts.count == 3, let time = Int64(parts[2]) else { return nil }
        let names = parts[0].split(separator: ",")
        measurement = String(names[0])
        source = String(names[1])
        var fields: [String: String] = [:]
        for field in parts[1].split(separator: ",") {
            let sides = field.split(separator: "=")
            guard sides.count == 2 else { return nil }
            fields[String(sides[0])] = String(sides[1])
        }
        self.fields = fields
        self.time = time
    }
}

@Suite struct SimulateTests {
    let start: Int64 = 1_700_000_000_000_000_000

    func plan(
        sensors: Int = 3, areas: Int = 0, count: Int, seed: UInt64 = 1, badEvery: Int = 0
    ) -> SimulationPlan {
        var plan = SimulationPlan()
        plan.sensors = sensors
        plan.areas = areas
        plan.lineCount = count
        plan.seed = seed
        plan.badEvery = badEvery
        plan.rate = nil
        return plan
    }

    /// What the generator makes of a plan when no time passes at all.
    func text(of plan: SimulationPlan, time: Int64? = nil) -> String {
        var generator = plan.makeGenerator()
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: (plan.lineCount! + 1) * SimulateLimits.lineMax, alignment: 8)
        defer { memory.deallocate() }
        var buffer = LineBuffer(memory)
        while generator.lineCount < plan.lineCount! {
            generator.appendLine(to: &buffer, time: time ?? start)
        }
        return String(decoding: memory[..<buffer.count], as: UTF8.self)
    }

    func readings(of plan: SimulationPlan) -> [TestReading] {
        text(of: plan).split(separator: "\n").map { TestReading($0)! }
    }

    @Test func `the same seed makes the same lines, another one does not`() {
        let text = text(of: plan(areas: 2, count: 500, seed: 7))
        #expect(text == self.text(of: plan(areas: 2, count: 500, seed: 7)))
        #expect(text != self.text(of: plan(areas: 2, count: 500, seed: 8)))
    }

    @Test func `no source has two readings in one microsecond`() {
        let readings = readings(of: plan(sensors: 3, areas: 2, count: 5000))
        let keys = Set(readings.map { "\($0.measurement) \($0.source) \($0.time / 1000)" })
        #expect(keys.count == 5000)
        var latest: [String: Int64] = [:]
        for reading in readings {
            let before = latest.updateValue(reading.time, forKey: reading.source) ?? 0
            #expect(reading.time - before >= 1000)
        }
    }

    @Test func `readings stay in their ranges, have four decimals, and go both ways`() {
        let readings = readings(of: plan(sensors: 2, count: 10_000))
        let ranges = [
            "temperature": 2.0...22, "oxygen": 6.0...14, "ph": 6.5...8.8, "salinity": 28.0...35,
        ]
        for (name, range) in ranges {
            let texts = readings.map { $0.fields[name]! }
            #expect(texts.allSatisfy { $0.split(separator: ".")[1].count == 4 })
            let values = texts.map { Double($0)! }
            #expect(values.allSatisfy { range.contains($0) })
            let rises = zip(values.dropFirst(2), values).count { $0 > $1 }
            #expect((4_000...6_000).contains(rises))
        }
        #expect(readings.allSatisfy { $0.fields.count == ranges.count })
    }

    @Test func `the weather has its eight fields, below zero too`() {
        let readings = readings(of: plan(sensors: 0, areas: 20, count: 5000))
        let names = [
            "temperature", "wind_speed", "wind_direction", "precipitation", "wave_height",
            "wave_period", "wave_direction", "cloud_cover",
        ]
        #expect(readings.allSatisfy { $0.measurement == "environmental_weatherdata" })
        #expect(readings.allSatisfy { $0.fields.keys.sorted() == names.sorted() })
        #expect(Set(readings.map(\.source)).count == 20)
        #expect(readings.contains { $0.fields["temperature"]!.hasPrefix("-") })
        for direction in ["wind_direction", "wave_direction"] {
            let values = readings.map { Int($0.fields[direction]!.dropLast())! }
            #expect(values.allSatisfy { (0..<360).contains($0) })
        }
    }

    @Test func `numbers are written as they are`() {
        let numbers: [UInt64] = [0, 7, 10, 99, 100, 12345, UInt64(Int64.max)]
        let decimals: [Int32] = [0, 1, -1, 9999, -10_000, 123_456, -3_599_999]
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 500, alignment: 8)
        defer { memory.deallocate() }
        var buffer = LineBuffer(memory)
        for number in numbers {
            buffer.append(decimal: number)
            buffer.append(byte: UInt8(ascii: " "))
        }
        for number in decimals {
            buffer.append(tenThousandths: number)
            buffer.append(byte: UInt8(ascii: " "))
        }
        #expect(
            String(decoding: memory[..<buffer.count], as: UTF8.self)
                == "0 7 10 99 100 12345 9223372036854775807 "
                + "0.0000 0.0001 -0.0001 0.9999 -1.0000 12.3456 -359.9999 ")
    }

    @Test func `one line in so many is malformed, and spoils no other`() {
        let plan = plan(areas: 1, count: 1000, badEvery: 10)
        let lines = text(of: plan).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 1001 && lines.last == "")
        for (index, line) in lines.dropLast().enumerated() {
            let isBad =
                TestReading(line).map { reading in
                    reading.fields.values.contains { Double($0.filter { $0 != "i" }) == nil }
                } ?? true
            #expect(isBad == ((index + 1) % 10 == 0))
        }
    }

    @Test func `the longest line fits`() {
        var generator = plan(sensors: 0, areas: 99, count: 1).makeGenerator()
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: SimulateLimits.lineMax, alignment: 8)
        defer { memory.deallocate() }
        var longest = 0
        for _ in 0..<20_000 {
            var buffer = LineBuffer(memory)
            generator.appendLine(to: &buffer, time: .max - 1_000_000)
            longest = max(longest, buffer.count)
        }
        // The number of the last area has seven digits instead of two.
        #expect(longest + 5 <= SimulateLimits.lineMax)
        #expect(
            SimulateLimits.lineMax * SimulateLimits.linesPerDatagramMax
                <= 65_507 - SimulateLimits.lineMax)
    }

    @Test func `a steady pace knows how many lines are due, and when the next one is`() {
        let pace = Pace(rate: 1000, start: 5_000_000)
        #expect(pace.linesDue(by: 5_000_000) == 1)
        #expect(pace.linesDue(by: 5_999_999) == 1)
        #expect(pace.linesDue(by: 6_000_000) == 2)
        #expect(pace.linesDue(by: 1_005_000_000) == 1001)
        #expect(pace.time(ofLine: 0) == 5_000_000)
        #expect(pace.time(ofLine: 3) == 8_000_000)
        for line in [0, 1, 7, 999] {
            #expect(pace.linesDue(by: pace.time(ofLine: line)) == line + 1)
        }
        #expect(Pace(rate: nil, start: 0).linesDue(by: 0) == .max)
    }

    @Test func `plans that cannot be carried out are told`() {
        #expect(SimulationPlan().complaint == nil)
        #expect(plan(sensors: 0, count: 1).complaint == "there must be a sensor or an area")
        #expect(plan(sensors: -1, count: 1).complaint != nil)
        #expect(plan(count: -1).complaint != nil)
        var plan = SimulationPlan()
        plan.linesPerDatagram = 201
        #expect(plan.complaint == "a datagram holds 1 to 200 lines")
        plan.linesPerDatagram = 1
        plan.rate = .infinity
        #expect(plan.complaint?.contains("lines per second") == true)
        plan.rate = .nan
        #expect(plan.complaint != nil)
    }
}
