import Logging
import Systemd
import TestSupport
import Testing

@testable import Ingest

@Suite struct JournalLogTests {
    private let manager: FakeManager
    private let logger: Logger

    init() throws {
        let manager = try FakeManager()
        let journal = try #require(Journal(socket: manager.address))
        let level = LogLevelSwitch(.trace)
        self.manager = manager
        logger = Logger(label: "writer") {
            JournalLogHandler(label: $0, journal: journal, level: level)
        }
    }

    /// The next entry's lines.
    private func entry() throws -> [String] {
        try #require(manager.nextText()).split(separator: "\n").map(String.init)
    }

    @Test func `an entry has journald's own fields`() throws {
        logger.warning("rows were written", file: "Ingest/Writer.swift", function: "run()", line: 7)
        #expect(
            try entry() == [
                "MESSAGE=rows were written", "PRIORITY=4", "SYSLOG_IDENTIFIER=sluice",
                "CODE_FILE=Ingest/Writer.swift", "CODE_LINE=7", "CODE_FUNC=run()",
                "SLUICE_PART=writer",
            ])
    }

    @Test func `metadata becomes fields of our own`() throws {
        logger.info("x", metadata: ["table": "weather", "rows per second": "5", "naïve-key": "1"])
        let entry = try entry()
        #expect(entry.contains("SLUICE_TABLE=weather"))
        #expect(entry.contains("SLUICE_ROWS_PER_SECOND=5"))
        #expect(entry.contains("SLUICE_NA__VE_KEY=1"))
    }

    @Test func `the message shows the figures, on one line`() throws {
        logger.event(.summary, .info, "the last\ninterval", ["rows": "5", "table": "a b"])
        #expect(try entry().first == #"MESSAGE=the last\ninterval rows=5 table="a b""#)
    }

    @Test func `a field's name is never longer than journald allows`() {
        #expect(journalFieldName(String(repeating: "a", count: 100)).utf8.count == 64)
    }

    @Test func `an event has its identifier`() throws {
        logger.event(.databaseLost, .error, "the database is gone", ["rows": "3"])
        let entry = try entry()
        #expect(entry.contains("MESSAGE_ID=\(Event.databaseLost.messageID)"))
        #expect(entry.contains("SLUICE_EVENT=database_lost"))
        #expect(entry.contains("SLUICE_ROWS=3"))
        #expect(entry.contains { $0.hasPrefix("CODE_FILE=IngestTests/JournalLogTests") })
    }

    @Test(arguments: [
        (Logger.Level.trace, 7), (.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3),
        (.critical, 2),
    ])
    func `a level is a priority`(level: Logger.Level, priority: Int) throws {
        logger.log(level: level, "x")
        #expect(try entry().contains("PRIORITY=\(priority)"))
    }

    @Test func `what a sensor sent cannot forge a field`() throws {
        logger.info("x", metadata: ["line": "a\nPRIORITY=0"])
        let text = try #require(manager.nextText())
        #expect(text.contains("SLUICE_LINE\n\u{c}\0\0\0\0\0\0\0a\nPRIORITY=0\n"))
    }

    @Test func `lost entries are told with the next one that is taken`() throws {
        let filler = String(repeating: "x", count: 10_000)
        for _ in 0..<1_000 { logger.info("x", metadata: ["filler": "\(filler)"]) }
        var taken = 0
        while manager.next() != nil { taken += 1 }
        logger.info("again")
        let report = try entry()
        #expect(report.contains("MESSAGE_ID=\(Event.journalLost.messageID)"))
        #expect(report.contains("SLUICE_ENTRIES=\(1_000 - taken)"))
        #expect(try entry().first == "MESSAGE=again")
        logger.info("and again")
        #expect(try entry().first == "MESSAGE=and again")
    }
}
