/// Every bound of this target, with its unit.
package enum Limits {
    /// Bytes handed to libpq at once while copying; smaller pieces cost more, larger gain nothing.
    package static let copyPieceSize = 64 * 1024
    /// Bytes that may wait in the kernel for a server on the same machine.
    package static let sendBufferBytes: Int32 = 1 << 20
    /// Seconds that one host may take to answer when the connection string says nothing.
    package static let connectTimeoutSeconds = 10
    /// Milliseconds between two looks at whether a connection attempt is still wanted.
    static let connectPollMilliseconds: Int32 = 100
    /// How often the kernel repeats an unanswered SYN before the next host has its turn: 1 + 2 + 4 s.
    static let connectionRequestRepeats: Int32 = 2
    /// Seconds of silence before the kernel asks whether the other side still lives.
    package static let keepaliveIdleSeconds = 30
    /// Seconds between two such questions.
    package static let keepaliveIntervalSeconds = 10
    /// Unanswered questions after which the connection counts as lost.
    package static let keepaliveCount = 3
    /// Milliseconds after which what was sent and is not acknowledged ends a TCP connection: probes
    /// only begin where nothing is on its way (TCP_USER_TIMEOUT of tcp(7)).
    package static let unacknowledgedMilliseconds = 60_000
    /// Levels of arrays and objects in one JSON text. PostgreSQL's own bound is its stack.
    package static let jsonDepthMax = 512
    /// Decimal digits before the point that `numeric` can hold.
    package static let numericIntegerDigitsMax = 131_072
    /// Decimal digits after the point that `numeric` can hold.
    package static let numericFractionDigitsMax = 16_383
    /// Exponents from here on are refused by the server as such, whatever the digits are.
    static let numericExponentMax = Int(Int32.max) / 2
    /// Significant digits that decide how any decimal rounds to a Double; one more stands for the rest.
    static let doubleDigitsMax = 800
}
