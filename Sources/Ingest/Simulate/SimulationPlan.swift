/// What the simulator shall do.
package struct SimulationPlan: Equatable, Sendable {
    /// Sources of `environmental_environmentalreading`, numbered from 1.
    package var sensors = 10
    /// Sources of `environmental_weatherdata`, numbered from 1.
    package var areas = 0
    /// Lines per second of all sources together; nil for as fast as it goes.
    package var rate: Double? = 10
    package var linesPerDatagram = 1
    /// Lines to make, malformed ones included; nil for no end.
    package var lineCount: Int?
    /// Time to go on for; nil for no end.
    package var duration: Duration?
    package var seed: UInt64 = 1
    /// Each line whose number divides by it is malformed; 0 for none.
    package var badEvery = 0

    package init() {}

    /// What is wrong with it, in one line; nil when it can be carried out.
    package var complaint: String? {
        let sources = SimulateLimits.sourcesMax
        if sensors < 0 || areas < 0 || sensors > sources || areas > sources {
            return "sensors and areas must be between 0 and \(sources) each"
        }
        if sensors + areas == 0 { return "there must be a sensor or an area" }
        let rates = SimulateLimits.rateMin...SimulateLimits.rateMax
        if let rate, !rates.contains(rate) {
            return "all sources together must give \(rates.lowerBound) to "
                + "\(Int(rates.upperBound)) lines per second, not \(rate)"
        }
        if !(1...SimulateLimits.linesPerDatagramMax).contains(linesPerDatagram) {
            return "a datagram holds 1 to \(SimulateLimits.linesPerDatagramMax) lines"
        }
        if badEvery < 0 { return "one line in \(badEvery) cannot be malformed; 0 is for none" }
        if let lineCount, lineCount < 0 { return "the number of lines cannot be negative" }
        if let duration, duration < .zero { return "the duration cannot be negative" }
        return nil
    }

    func makeGenerator() -> ReadingGenerator {
        ReadingGenerator(sensors: sensors, areas: areas, seed: seed, badEvery: badEvery)
    }
}
