/// The numbers that bound the pipeline and that no operator needs to change. All memory follows
/// from these and the configuration; `MemoryPlan` adds it up.
package enum IngestLimits {
    /// Bytes of encoded rows that a writer collects before it sends them on within its transaction.
    package static let slabBytes = 6 << 20
    /// Rows among them, and of a COPY whose rows were sent ahead: where each came from is kept. Rows of a
    /// sorted table are sorted so many at a time.
    package static let slabRows = 96 << 10
    /// How long a batch of an import waits for more, and how often it looks.
    static let gatherPatience = Duration.milliseconds(100)
    static let gatherLook = Duration.milliseconds(1)
    /// Lines that are decoded in one go.
    package static let linesPerDecode = 64
    /// Bytes of the longest line; no datagram is longer.
    package static let lineBytesMax = 64 << 10
    /// Bytes of a sender's name for something, as it is kept and shown.
    package static let nameBytesMax = 128
    /// How soon the catalog is read again when lines had names that nothing took.
    package static let catalogInterval = Duration.seconds(5)
    /// The first pause when something is wrong that a person has to put right.
    package static let holdFirst = Duration.seconds(1)
    /// How long a statement waits for a lock, in seconds, before the writer tells of it.
    package static let lockTimeoutSeconds = 30
    /// How long a transaction of ours may stand idle in the server, in seconds, before it ends it: it
    /// only does when this machine is gone.
    static let idleInTransactionSeconds = 300
    /// How long the end of a former connection's process is waited for, in milliseconds.
    static let formerProcessMilliseconds = 5_000
    /// Rows of the first batch where there are several lanes; each further one may be twice as large. A
    /// transaction that makes a chunk of a hypertable keeps the others from it until it ends, so the
    /// first one is short.
    static let batchRowsFirst = 5_000
    /// Rows to which batches shrink at most when the database leaves them unanswered.
    static let batchRowsMin = 100
    /// How often a batch is encoded anew because a table was changed meanwhile, before a person is
    /// told.
    static let tableChangesMax = 5
    /// Rows that are tried together when the rows at fault in a batch are looked for.
    static let carefulRows = 1_000
    /// Savepoints that one such transaction may keep before it is committed. The server holds a lock
    /// for each in a table that is 64 times its connections long when nobody has changed it.
    static let carefulSavepoints = 500
    /// A stage that has not moved for this long is stalled.
    package static let stallTime = Duration.seconds(20)
    /// A database that has not answered for this long is told of.
    package static let databasePatience = Duration.seconds(10)
    /// The same kind of loss is told again only after this time.
    package static let alarmInterval = Duration.seconds(10)
    /// Counts that have not added up for this long never will.
    package static let imbalanceTime = Duration.seconds(10)
    /// How many damaged places of a ring are listed one by one.
    static let damagesShown = 10
    /// How often the status line is renewed.
    package static let statusInterval = Duration.seconds(1)
}
