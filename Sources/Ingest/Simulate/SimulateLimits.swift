/// Every number that bounds the simulator.
package enum SimulateLimits {
    /// Bytes of the longest line that is ever written, with room to spare.
    package static let lineMax = 320
    /// Lines in a datagram at most; as many always fit into the largest datagram of all.
    package static let linesPerDatagramMax = 200
    /// Make-believe sensors, and areas with weather, at most.
    package static let sourcesMax = 1_000_000
    /// Lines per second that can be asked for; faster is only "as fast as it can".
    package static let rateMax = 100_000_000.0
    /// Lines per second at least: one in three hours.
    package static let rateMin = 0.0001
    /// Nanoseconds between the first and the last line of a file: a hundred years.
    static let spanMax = 3.2e18
    /// Nanoseconds since 1970 of a file's first line: in the year 2096.
    static let firstTimeMax: Int64 = 4_000_000_000_000_000_000
    /// Datagrams handed to the kernel with one call.
    static let batchCount = 64
    /// Bytes written to a file with one call.
    static let fileBlockSize = 1 << 20
    /// Nanoseconds between two readings of one source: its table holds microseconds, and only
    /// one row per source and instant.
    static let stepMin: Int64 = 1000
    /// Nanoseconds that the pacing sleeps at least, so that fast rates go out in batches, and at
    /// most, so that a request to stop is seen.
    static let sleepMin: Int64 = 1_000_000
    static let sleepMax: Int64 = 100_000_000
}
