/// What the simulator has sent or written.
package struct SimulationReport: Equatable, Sendable {
    /// Where it went: an endpoint, a file, or `-`.
    package let target: String
    package let sensors: Int
    package let areas: Int
    package var lines = LineTally()
    /// 0 when the lines went to a file.
    package var datagrams = 0
    package var bytes = 0
    /// How often the target answered that nobody listens there.
    package var refusals = 0
    package var seconds = 0.0

    package var linesPerSecond: Double { seconds > 0 ? Double(lines.lines) / seconds : 0 }

    init(target: String, plan: SimulationPlan) {
        self.target = target
        sensors = plan.sensors
        areas = plan.areas
    }

    /// One JSON object on one line.
    package var json: String {
        """
        {"target":\(JSONText.quoted(target)),"datagrams":\(datagrams),"lines":\(lines.lines),\
        "readings":\(lines.readings),"weather":\(lines.weather),"bad_lines":\(lines.bad),\
        "bytes":\(bytes),"sensors":\(sensors),"areas":\(areas),"refusals":\(refusals),\
        "seconds":\(Self.thousandths(seconds)),"lines_per_second":\(Int(linesPerSecond.rounded()))}
        """
    }

    private static func thousandths(_ value: Double) -> String {
        let (whole, rest) = Int((value * 1000).rounded()).quotientAndRemainder(dividingBy: 1000)
        return "\(whole)." + String(1000 + rest).dropFirst()
    }
}

extension SimulationReport: CustomStringConvertible {
    package var description: String {
        var text = "\(lines.lines) lines (\(lines.readings) readings, \(lines.weather) weather, "
        text += "\(lines.bad) bad), \(bytes) bytes"
        if datagrams > 0 { text += ", \(datagrams) datagrams" }
        text += " from \(sensors) sensors and \(areas) areas to \(target)"
        text += " in \(Self.thousandths(seconds)) s: \(Int(linesPerSecond.rounded())) lines/s"
        if refusals > 0 { text += "; nobody listened there (\(refusals) refusals)" }
        return text
    }
}
