/// Writes the lines of make-believe sensors, one source after the other, round after round.
///
/// The values depend on the seed alone, the timestamps on the times given, which are moved on
/// where a source would otherwise have two readings within a microsecond.
@safe
struct ReadingGenerator: ~Copyable {
    // Safe: sole owner of the two tables, whose index `next` stays below `sourceCount`.
    private(set) var lineCount = 0
    private(set) var tally = LineTally()
    private let sensorCount: Int
    private let sourceCount: Int
    private let badEvery: Int
    private var random: SplitMix
    private var next = 0
    /// Eight quantities per source; a sensor uses the first four.
    private let values: UnsafeMutablePointer<SIMD8<Int32>>
    private let latest: UnsafeMutablePointer<Int64>

    /// - Parameter badEvery: each line whose number divides by it is malformed; 0 for none.
    init(sensors: Int, areas: Int, seed: UInt64, badEvery: Int) {
        precondition(sensors >= 0 && areas >= 0 && sensors + areas > 0 && badEvery >= 0)
        sensorCount = sensors
        sourceCount = sensors + areas
        self.badEvery = badEvery
        random = SplitMix(seed: seed)
        unsafe values = .allocate(capacity: sourceCount)
        unsafe latest = .allocate(capacity: sourceCount)
        unsafe latest.initialize(repeating: 0, count: sourceCount)
        for index in 0..<sourceCount {
            let start = index < sensorCount ? Self.sensorStart(&random) : Self.areaStart(&random)
            unsafe (values + index).initialize(to: start)
        }
    }

    deinit {
        unsafe values.deallocate()
        unsafe latest.deallocate()
    }

    /// Appends the next line. The buffer must have room for one.
    ///
    /// - Parameter time: when it was measured, in nanoseconds since 1970.
    @inline(__always)
    mutating func appendLine(to buffer: inout LineBuffer, time: Int64) {
        precondition(buffer.hasRoomForLine)
        let source = next
        next = source + 1 == sourceCount ? 0 : source + 1
        lineCount += 1
        if badEvery > 0 && lineCount % badEvery == 0 {
            appendBadLine(to: &buffer, source: source)
            tally.bad += 1
            return
        }
        let time = unsafe max(time, latest[source] + SimulateLimits.stepMin)
        unsafe latest[source] = time
        if source < sensorCount {
            appendReading(to: &buffer, source: source)
            tally.readings += 1
        } else {
            appendWeather(to: &buffer, source: source)
            tally.weather += 1
        }
        buffer.append(byte: UInt8(ascii: " "))
        buffer.append(decimal: UInt64(time))
        buffer.append(byte: UInt8(ascii: "\n"))
    }

    @inline(__always)
    private mutating func appendReading(to buffer: inout LineBuffer, source: Int) {
        var state = unsafe values[source]
        let random = random.next()
        state[0] = RandomWalk.temperature.next(after: state[0], random: random)
        state[1] = RandomWalk.oxygen.next(after: state[1], random: random &>> 16)
        state[2] = RandomWalk.ph.next(after: state[2], random: random &>> 32)
        state[3] = RandomWalk.salinity.next(after: state[3], random: random &>> 48)
        unsafe values[source] = state
        buffer.append("environmental_environmentalreading,sensor_id=")
        buffer.append(decimal: UInt64(source + 1))
        buffer.append(" temperature=")
        buffer.append(tenThousandths: state[0])
        buffer.append(",oxygen=")
        buffer.append(tenThousandths: state[1])
        buffer.append(",ph=")
        buffer.append(tenThousandths: state[2])
        buffer.append(",salinity=")
        buffer.append(tenThousandths: state[3])
    }

    private mutating func appendWeather(to buffer: inout LineBuffer, source: Int) {
        var state = unsafe values[source]
        let (first, second) = (random.next(), random.next())
        state[0] = RandomWalk.air.next(after: state[0], random: first)
        state[1] = RandomWalk.windSpeed.next(after: state[1], random: first &>> 16)
        state[2] = RandomWalk.direction.next(after: state[2], random: first &>> 32)
        state[3] = RandomWalk.precipitation.next(after: state[3], random: first &>> 48)
        state[4] = RandomWalk.waveHeight.next(after: state[4], random: second)
        state[5] = RandomWalk.wavePeriod.next(after: state[5], random: second &>> 16)
        state[6] = RandomWalk.direction.next(after: state[6], random: second &>> 32)
        state[7] = RandomWalk.cloudCover.next(after: state[7], random: second &>> 48)
        unsafe values[source] = state
        buffer.append("environmental_weatherdata,area_id=")
        buffer.append(decimal: UInt64(source - sensorCount + 1))
        buffer.append(" temperature=")
        buffer.append(tenThousandths: state[0])
        buffer.append(",wind_speed=")
        buffer.append(tenThousandths: state[1])
        buffer.append(",wind_direction=")
        buffer.append(whole: state[2])
        buffer.append(",precipitation=")
        buffer.append(tenThousandths: state[3])
        buffer.append(",wave_height=")
        buffer.append(tenThousandths: state[4])
        buffer.append(",wave_period=")
        buffer.append(tenThousandths: state[5])
        buffer.append(",wave_direction=")
        buffer.append(whole: state[6])
        buffer.append(",cloud_cover=")
        buffer.append(whole: state[7])
    }

    /// The usual ways to get a line wrong, in turn. None spoils the line after it.
    private func appendBadLine(to buffer: inout LineBuffer, source: Int) {
        buffer.append("environmental_environmentalreading,sensor_id=")
        switch lineCount / badEvery % 4 {
        case 0: buffer.append("\n")
        case 1: buffer.append(" temperature=12.3456\n")
        case 2:
            buffer.append(decimal: UInt64(source + 1))
            buffer.append(" temperature=12.34.56,oxygen=9.0000\n")
        default:
            buffer.append(decimal: UInt64(source + 1))
            buffer.append(" temperature=12.3456 yesterday\n")
        }
    }

    private static func sensorStart(_ random: inout SplitMix) -> SIMD8<Int32> {
        let walks: [RandomWalk] = [.temperature, .oxygen, .ph, .salinity]
        return start(walks, &random)
    }

    private static func areaStart(_ random: inout SplitMix) -> SIMD8<Int32> {
        let walks: [RandomWalk] = [
            .air, .windSpeed, .direction, .precipitation, .waveHeight, .wavePeriod, .direction,
            .cloudCover,
        ]
        return start(walks, &random)
    }

    private static func start(_ walks: [RandomWalk], _ random: inout SplitMix) -> SIMD8<Int32> {
        var values = SIMD8<Int32>(repeating: 0)
        for (index, walk) in walks.enumerated() {
            values[index] = walk.start(random: random.next())
        }
        return values
    }
}

/// How many lines of each kind were written.
package struct LineTally: Equatable, Sendable {
    package var readings = 0
    package var weather = 0
    package var bad = 0

    package var lines: Int { readings + weather + bad }
}

extension LineBuffer {
    /// The whole part as an integer field, with line protocol's suffix.
    @inline(__always)
    fileprivate mutating func append(whole value: Int32) {
        append(decimal: UInt64(value / 10_000))
        append(byte: UInt8(ascii: "i"))
    }
}
