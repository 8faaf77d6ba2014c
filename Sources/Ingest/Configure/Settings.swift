import LineProtocol
import Logging

/// Every key there is, in the order of the example file.
extension Setting {
    static let connectionText = Setting(
        .database, "conninfo", .text, "", reload: true,
        """
        libpq connection string or URI, without a password. Empty: libpq's own defaults and the \
        PG* environment variables.
        """)
    static let connectTimeout = Setting(
        .database, "connect_timeout", .duration(ConfigurationLimits.connectTimeout, zero: false),
        "10s", reload: true,
        "How long one attempt to connect may take.")
    static let answerTimeout = Setting(
        .database, "answer_timeout", .duration(ConfigurationLimits.answerTimeout, zero: true),
        "1min", reload: true,
        """
        How long the database may leave a call unanswered before the connection is given up and \
        made anew. 0s: for ever.
        """)
    static let retryMin = Setting(
        .database, "retry_min", .duration(ConfigurationLimits.retryMin, zero: false), "100ms",
        reload: true,
        "First pause before trying again when the database is away; it doubles from there.")
    static let retryMax = Setting(
        .database, "retry_max", .duration(ConfigurationLimits.retryMax, zero: false), "30s",
        reload: true,
        "Longest pause before trying again.")

    static let ringDirectory = Setting(
        .ring, "directory", .text, "", standardMeaning: "$STATE_DIRECTORY, else /var/lib/sluice",
        "Folder of the ring's files, an absolute path.")
    static let ringSize = Setting(
        .ring, "size", .size(ConfigurationLimits.ringSize), "256MiB",
        "How many bytes of readings are kept while the database is away, in each lane. A new size"
            + " holds from the next start on, if the readings in the ring fit.")
    static let overflow = Setting(
        .ring, "overflow", .choice(Configuration.Overflow.allCases.map(\.rawValue)), "drop-newest",
        "What a full ring gives up: what arrives, or what waited longest. Both are counted.")
    static let ringSync = Setting(
        .ring, "sync", .duration(ConfigurationLimits.ringSync, zero: true), "1s",
        """
        How often the ring is flushed to disk: the most that a power cut can take. 0s leaves it \
        to the kernel.
        """)
    static let lanes = Setting(
        .ring, "lanes", .count(ConfigurationLimits.lanes), "1",
        "Rings, writer threads and database connections that work side by side.")

    static let batchRows = Setting(
        .batch, "rows", .count(ConfigurationLimits.batchRows), "50000", reload: true,
        "The most rows in one transaction, but a datagram is never split.")
    static let batchBytes = Setting(
        .batch, "bytes", .size(ConfigurationLimits.batchBytes), "16MiB", reload: true,
        "The most bytes of line protocol in one transaction.")
    static let batchInterval = Setting(
        .batch, "interval", .duration(ConfigurationLimits.batchInterval, zero: true), "20ms",
        reload: true,
        """
        The shortest time from one transaction's start to the next one's, unless the last one was \
        full. 0s: at once.
        """)
    static let batchDrain = Setting(
        .batch, "drain", .duration(ConfigurationLimits.batchDrain, zero: true), "10s", reload: true,
        """
        How long a stop may go on writing. What is left stays in the ring for the next start. \
        0s: nothing is written any more.
        """)

    static let listen = Setting(
        .udp, "listen", .text, "127.0.0.1:8089",
        """
        Address and port: 0.0.0.0:8089, [::]:8089, an address alone for port 8089, :8090 for \
        loopback. [::] takes IPv6 alone, so that both can stand side by side. Port 0: the kernel \
        picks one.
        """)
    static let listenerName = Setting(
        .udp, "name", .text, "", standardMeaning: "the text of listen",
        "What logs and figures call this listener. Unique.")
    static let precision = Setting(
        .udp, "precision", .choice(Precision.allCases.map(\.name)), "ns",
        "The unit of the timestamps that arrive here.")
    static let receiveBuffer = Setting(
        .udp, "receive_buffer", .size(ConfigurationLimits.receiveBuffer), "4MiB",
        """
        The kernel's buffer to ask for; never less than the kernel gives by itself. It grants \
        net.core.rmem_max at most; the log says when that is less.
        """)
    static let datagramMax = Setting(
        .udp, "datagram_max", .size(ConfigurationLimits.datagramMax), "64KiB",
        "The largest datagram that is taken; a larger one is counted and rejected whole.")
    static let aheadMax = Setting(
        .udp, "ahead_max", .duration(ConfigurationLimits.aheadMax, zero: true), "10min",
        reload: true,
        """
        How far a line's own time may lie after its reception; a line beyond is rejected. 0s: no \
        limit.
        """)
    static let ageMax = Setting(
        .udp, "age_max", .duration(ConfigurationLimits.ageMax, zero: true), "0s", reload: true,
        """
        How far a line's own time may lie before its reception; a line beyond is rejected. 0s: no \
        limit but 1970-01-02.
        """)
    static let allow = Setting(
        .udp, "allow", .texts(max: ConfigurationLimits.networks), "[]", reload: true,
        """
        Networks in CIDR form or addresses that may send; others are dropped and counted. Empty: \
        everyone.
        """)

    static let tableName = Setting(
        .table, "name", .text, "", standardMeaning: "none, it must be said", reload: true,
        "The table, or schema.table, spelt as in the catalog.")
    static let measurement = Setting(
        .table, "measurement", .textOrTexts(max: ConfigurationLimits.measurements), "",
        standardMeaning: "the table's own name", reload: true,
        "Exactly these measurements go to this table. Each goes to one table only.")
    static let timeColumn = Setting(
        .table, "time", .text, "",
        standardMeaning: "the hypertable's time column, else the only timestamptz column",
        reload: true,
        "The column that takes the timestamp.")
    static let columns = Setting(
        .table, "columns", .texts(max: ConfigurationLimits.columns), "",
        standardMeaning: "every column", reload: true,
        "When given, only these columns take tags and fields, each by its name.")
    static let duplicates = Setting(
        .table, "duplicates", .choice(Configuration.Duplicates.allCases.map(\.rawValue)), "error",
        reload: true,
        """
        What becomes of a row whose key is in the table already: it is rejected with the reason, \
        dropped and counted (the first wins), or put in the place of the other (the last wins).
        """)

    static let rejectsDirectory = Setting(
        .rejects, "directory", .text, "", standardMeaning: "rejects in ring.directory",
        "Folder of the files, an absolute path. It is made when it is not there.")
    static let rejectsSize = Setting(
        .rejects, "size", .size(ConfigurationLimits.rejectsSize, zero: true), "256MiB",
        """
        The most bytes that all files may have together; the oldest go first, and are counted. 0 \
        keeps nothing.
        """)
    static let rejectsFileSize = Setting(
        .rejects, "file_size", .size(ConfigurationLimits.rejectsFileSize), "8MiB",
        "A file that has this many bytes gets no more lines; never more than a quarter of size.")
    static let rejectsFileAge = Setting(
        .rejects, "file_age", .duration(ConfigurationLimits.rejectsFileAge, zero: false), "24h",
        "A file that is this old gets no more lines.")

    static let statusInterval = Setting(
        .status, "interval", .duration(ConfigurationLimits.statusInterval, zero: false), "10s",
        reload: true,
        "Time between two summary lines in the log.")

    static let logLevel = Setting(
        .log, "level", .choice(Logger.Level.allCases.map(\.rawValue)), "info", reload: true,
        "What is logged at least.")
    static let logFormat = Setting(
        .log, "format", .choice(Configuration.LogFormat.allCases.map(\.rawValue)), "auto",
        """
        auto: structured journal entries when standard error is the journal, else lines of text \
        on standard error.
        """)

    package static let all: [Setting] = [
        connectionText, connectTimeout, answerTimeout, retryMin, retryMax,
        ringDirectory, ringSize, overflow, ringSync, lanes,
        batchRows, batchBytes, batchInterval, batchDrain,
        listen, listenerName, precision, receiveBuffer, datagramMax, aheadMax, ageMax,
        allow,
        filesPath, filesName, filesMode, filesPrecision, filesAheadMax, filesAgeMax,
        filesUnchanged, filesDone, filesDoneDirectory, filesRescan,
        tableName, measurement, timeColumn, columns, duplicates,
        rejectsDirectory, rejectsSize, rejectsFileSize, rejectsFileAge,
        statusInterval,
        logLevel, logFormat,
    ]
}
