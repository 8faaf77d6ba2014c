/// How one make-believe quantity moves: in small random steps between two bounds, all in
/// ten-thousandths of its unit.
struct RandomWalk {
    let low: Int32
    let high: Int32
    let stepMax: Int32

    /// - Parameter random: any number; its low 16 bits decide.
    @inline(__always)
    func next(after value: Int32, random: UInt64) -> Int32 {
        let choices = stepMax &* 2 &+ 1
        let scaled = (random & 0xFFFF) &* UInt64(choices)
        let step = Int32(truncatingIfNeeded: scaled &>> 16) &- stepMax
        let moved = value &+ step
        // At a bound it turns back instead of sticking there.
        return moved < low || moved > high ? value &- step : moved
    }

    func start(random: UInt64) -> Int32 {
        low + stepMax + Int32(random % UInt64(high - low - 2 * stepMax))
    }

    /// Of a reading: temperature, oxygen, ph, salinity.
    @inline(__always) static var temperature: RandomWalk {
        .init(low: 20_000, high: 220_000, stepMax: 500)
    }
    @inline(__always) static var oxygen: RandomWalk {
        .init(low: 60_000, high: 140_000, stepMax: 400)
    }
    @inline(__always) static var ph: RandomWalk { .init(low: 65_000, high: 88_000, stepMax: 100) }
    @inline(__always) static var salinity: RandomWalk {
        .init(low: 280_000, high: 350_000, stepMax: 300)
    }
    /// Of the weather.
    @inline(__always) static var air: RandomWalk {
        .init(low: -150_000, high: 300_000, stepMax: 800)
    }
    @inline(__always) static var windSpeed: RandomWalk {
        .init(low: 0, high: 350_000, stepMax: 3000)
    }
    @inline(__always) static var direction: RandomWalk {
        .init(low: 0, high: 3_599_999, stepMax: 30_000)
    }
    @inline(__always) static var precipitation: RandomWalk {
        .init(low: 0, high: 200_000, stepMax: 1000)
    }
    @inline(__always) static var waveHeight: RandomWalk {
        .init(low: 0, high: 90_000, stepMax: 700)
    }
    @inline(__always) static var wavePeriod: RandomWalk {
        .init(low: 20_000, high: 160_000, stepMax: 900)
    }
    @inline(__always) static var cloudCover: RandomWalk {
        .init(low: 0, high: 1_000_000, stepMax: 20_000)
    }
}
