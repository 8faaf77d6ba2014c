/// The least and the most of every number in the configuration.
///
/// Sizes are bytes. A bound is there because something breaks behind it, and says what.
package enum ConfigurationLimits {
    private static let kibibyte = 1 << 10
    private static let mebibyte = 1 << 20
    private static let gibibyte = 1 << 30

    // A connection that needs longer than this is better begun anew.
    static let connectTimeout: ClosedRange<Duration> = .seconds(1)...minutes(10)
    // Below this an ordinary COMMIT on a busy disk would be taken for a dead server.
    static let answerTimeout: ClosedRange<Duration> = .seconds(1)...minutes(60)
    // Below this a missing database is asked so often that it cannot come up.
    static let retryMin: ClosedRange<Duration> = .milliseconds(10)...minutes(1)
    static let retryMax: ClosedRange<Duration> = .milliseconds(100)...minutes(60)

    // Room for a batch of the largest datagrams; and what a 64-bit process can map at ease.
    static let ringSize = mebibyte...1024 * gibibyte
    static let ringSync: ClosedRange<Duration> = .milliseconds(10)...minutes(60)
    // Each lane is a thread, a connection and a ring of its own.
    static let lanes = 1...16

    static let batchRows = 1...1_000_000
    // The largest datagram must fit; a transaction's memory is allocated at start.
    static let batchBytes = 64 * kibibyte...gibibyte
    static let batchInterval: ClosedRange<Duration> = .milliseconds(1)...minutes(1)
    static let batchDrain: ClosedRange<Duration> = .milliseconds(1)...minutes(60)

    static let listeners = 64
    static let listenerNameLength = 1...64
    // The kernel doubles what is asked for and counts it in 31 bits.
    static let receiveBuffer = 4 * kibibyte...512 * mebibyte
    static let datagramMax = 64...64 * kibibyte
    static let networks = 1024
    // Less than a second and a sender's own clock is as often ahead as not.
    static let aheadMax: ClosedRange<Duration> = .seconds(1)...days(366)
    // Less than a minute and a sender that sends its readings together loses some.
    static let ageMax: ClosedRange<Duration> = minutes(1)...days(36_525)

    static let files = 64
    // PATH_MAX of Linux, without the zero byte.
    static let pathLengthMax = 4095
    // Below this a file whose writer pauses for a moment is taken for complete.
    static let unchanged: ClosedRange<Duration> = .milliseconds(100)...minutes(24 * 60)
    // Below this thousands of files keep a core busy.
    static let rescan: ClosedRange<Duration> = .milliseconds(100)...minutes(24 * 60)

    static let tables = 1024
    static let measurements = 1024
    // What PostgreSQL allows in a table.
    static let columns = 1600
    // PostgreSQL cuts longer names, and then finds another table than the one that was meant.
    static let identifierLengthMax = 63

    // Every lane gets a share in which its buffer and the longest line have room.
    static let rejectsSize = 16 * mebibyte...1024 * gibibyte
    static let rejectsFileSize = 64 * kibibyte...gibibyte
    static let rejectsFileAge: ClosedRange<Duration> = minutes(1)...minutes(366 * 24 * 60)

    static let statusInterval: ClosedRange<Duration> = .milliseconds(100)...minutes(24 * 60)

    /// Bytes of a configuration file; a larger one is not a configuration.
    static let fileSizeMax = 4 * mebibyte
    /// Bytes of a password; more is not one.
    static let passwordLengthMax = 4 * kibibyte

    private static func days(_ count: Int) -> Duration { .seconds(86_400 * count) }
    private static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
}
