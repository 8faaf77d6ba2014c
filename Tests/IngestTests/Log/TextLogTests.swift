import Glibc
import Logging
import TestSupport
import Testing

@testable import Ingest

@Suite struct TextLogTests {
    /// What one use of a logger writes.
    private func output(_ body: (Logger) -> Void) throws -> String {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let level = LogLevelSwitch(.info)
        let output = TextOutput(ends[1])
        body(
            Logger(label: "test") {
                TextLogHandler(label: $0, level: level, output: output)
            })
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(ends[0], &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// An output without the time, which it checks the form of.
    private func entries(_ output: String) throws -> [String] {
        try output.split(separator: "\n").map { line in
            let time = try #require(
                line.wholeMatch(of: /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*)/))
            return String(time.2)
        }
    }

    @Test func `an entry is time, level, message and its values`() throws {
        let text = try output {
            $0.info("rows were written", metadata: ["table": "weather", "rows": "7"])
        }
        #expect(try entries(text) == ["info rows were written rows=7 table=weather"])
        #expect(text.hasSuffix("\n"))
    }

    @Test func `values with blanks, quotes and equal signs are quoted`() throws {
        let text = try output {
            $0.info(
                "x",
                metadata: ["a": "two words", "b": "say \"hi\"", "c": "", "d": "k=v", "e": "a\\b"])
        }
        #expect(
            try entries(text) == [
                #"info x a="two words" b="say \"hi\"" c="" d="k=v" e="a\\b""#
            ])
    }

    @Test func `an entry is one line whatever it holds`() throws {
        let text = try output {
            $0.info("first\nsecond", metadata: ["line": "a\r\nb\tc\u{1b}[31m", "k\ney": "1"])
        }
        #expect(
            try entries(text) == [
                #"info first\nsecond k\ney=1 line="a\r\nb\tc\u{1b}[31m""#
            ])
    }

    @Test func `an event is named`() throws {
        let text = try output {
            $0.event(.databaseLost, .error, "the database is gone", ["rows": "3"])
        }
        #expect(try entries(text) == ["error the database is gone event=database_lost rows=3"])
    }

    @Test func `lists and tables in the metadata are flat`() throws {
        let text = try output {
            $0.info("x", metadata: ["a": ["1", "2"], "b": ["c": "3", "d": ["e": "4"]]])
        }
        #expect(try entries(text) == ["info x a=1,2 b_c=3 b_d_e=4"])
    }

    @Test func `the call's metadata wins over the logger's`() throws {
        let text = try output {
            var logger = $0
            logger[metadataKey: "lane"] = "1"
            logger[metadataKey: "table"] = "a"
            logger.info("x", metadata: ["table": "b"])
        }
        #expect(try entries(text) == ["info x lane=1 table=b"])
    }

    @Test func `an error goes into the entry`() throws {
        struct Broken: Error, CustomStringConvertible { var description: String { "it broke" } }
        let text = try output { $0.error("failed", error: Broken()) }
        #expect(try entries(text) == ["error failed error=\"it broke\""])
    }

    @Test func `changing the level changes every logger`() throws {
        let output = LogOutput(format: .text, level: .warning) { _ in nil }
        let (one, two) = (output.logger("one"), output.logger("two"))
        #expect(one.logLevel == .warning)
        output.level.level = .debug
        #expect(one.logLevel == .debug)
        #expect(two.logLevel == .debug)
        #expect(!output.isJournal)
    }

    @Test func `a logger with a level of its own keeps it`() {
        var logger = LogOutput(format: .text, level: .warning) { _ in nil }.logger()
        logger.logLevel = .trace
        #expect(logger.logLevel == .trace)
    }

    @Test func `a pipe that nobody reads never blocks, and what it did not take is told`() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let output = LogOutput(format: .text, level: .info, descriptor: ends[1])
        let filler = String(repeating: "x", count: 1_000)
        for number in 0..<1_000 {
            output.logger().info("\(number)", metadata: ["filler": "\(filler)"])
        }
        let taken = try entries(drained(ends[0]))
        output.logger("another").info("again")
        output.logger().info("and again")
        let missing = 1_000 - taken.count
        #expect(missing > 0)
        #expect(
            try entries(drained(ends[0])) == [
                "warning log entries were lost here because nobody took them"
                    + " entries=\(missing) event=journal_lost",
                "info again", "info and again",
            ])
    }

    /// What is in the pipe.
    private func drained(_ descriptor: Int32) -> String {
        var text: [UInt8] = []
        var look = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&look, 1, 0) == 1 {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &bytes, bytes.count)
            text += bytes.prefix(count)
        }
        return String(decoding: text, as: UTF8.self)
    }

    @Test func `a line that is too long for a pipe is cut and stays a line`() throws {
        let text = try output {
            $0.info("x", metadata: ["a": "\(String(repeating: "y", count: 9_000))"])
        }
        #expect(text.utf8.count == TextOutput.lineBytesMax)
        #expect(text.hasSuffix("yy\n"))
    }

    @Test func `without journald its format falls back to text and says so`() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let output = LogOutput(
            format: .journal, level: .info, socket: "/no/such/socket", descriptor: ends[1])
        #expect(!output.isJournal)
        #expect(
            try entries(drained(ends[0])) == [
                "warning journald does not listen: entries are lines of text"
                    + " socket=/no/such/socket"
            ])
    }

    @Test func `with journald its format goes there`() throws {
        let manager = try FakeManager()
        let output = LogOutput(format: .journal, level: .info, socket: manager.address)
        #expect(output.isJournal)
        output.logger().info("x")
        #expect(manager.nextText()?.hasPrefix("MESSAGE=x\n") == true)
    }

    @Test func `times before 2000 and their parts are right`() {
        let line = logLine(
            time: timespec(tv_sec: 951_782_400, tv_nsec: 7_999_999), level: .info, message: "x",
            pairs: [])
        #expect(line == "2000-02-29T00:00:00.007Z info x\n")
    }
}
