import Ingest
import Testing

@Suite struct ConfigurationProblemTests {
    @Test func `an unknown key names its line and the nearest right one`() {
        #expect(
            problems("[batch]\n\nrow = 5") == [
                "sluice.toml:3: unknown key batch.row; did you mean rows?"
            ])
        #expect(
            problems("[[udp]]\n[[udp]]\nlisten = \":1\"\nrecieve_bufer = 5").first
                == "sluice.toml:4: unknown key udp.recieve_bufer; did you mean receive_buffer?")
    }

    @Test func `a key in the wrong section is told its section`() {
        #expect(
            problems("[ring]\nrows = 5") == [
                "sluice.toml:2: unknown key ring.rows; rows belongs below [batch]"
            ])
        #expect(
            problems("listen = \"x\"") == [
                "sluice.toml:1: unknown key listen outside of a section; it belongs below [[udp]]"
            ])
    }

    @Test func `a key like no other is told which there are`() {
        #expect(
            problems("[status]\nfrequency_of_reports = 1") == [
                "sluice.toml:2: unknown key status.frequency_of_reports; "
                    + "[status] has the keys interval"
            ])
    }

    @Test func `an unknown section names the nearest right one`() {
        #expect(
            problems("\n[databse]\nconninfo = \"\"") == [
                "sluice.toml:2: unknown section [databse]; did you mean [database]?"
            ])
        #expect(
            problems("[[tabel]]\nname = \"x\"") == [
                "sluice.toml:1: unknown section [tabel]; did you mean [[table]]?"
            ])
        #expect(problems("[metrics]").first?.hasPrefix("sluice.toml:1: unknown section") == true)
    }

    @Test func `a section of the wrong shape is told the right one`() {
        #expect(problems("[udp]") == ["sluice.toml:1: udp must be written as [[udp]]"])
        #expect(problems("[[ring]]") == ["sluice.toml:1: ring must be written as [ring]"])
        #expect(problems("log = 3") == ["sluice.toml:1: log must be written as [log]"])
        #expect(problems("udp = [3]") == ["sluice.toml:1: udp must be written as [[udp]]"])
    }

    @Test func `every problem is told, in the order of the file`() {
        let lines = problems(
            """
            [log]
            level = "loud"
            [batch]
            rows = 0
            interval = 20
            [[udp]]
            precision = "sec"
            alow = []
            """)
        #expect(lines.map { $0.prefix(14) } == [2, 4, 5, 7, 8].map { "sluice.toml:\($0):" })
    }

    @Test func `a value of the wrong type is told the right one`() {
        #expect(
            problems("[batch]\nrows = \"many\"") == [
                "sluice.toml:2: batch.rows has a text where it needs a whole number"
            ])
        #expect(
            problems("[batch]\ninterval = 20") == [
                "sluice.toml:2: batch.interval has a whole number where it needs "
                    + "a duration such as \"20ms\" (units us, ms, s, min, h)"
            ])
        #expect(
            problems("[ring]\nsize = 1.5") == [
                "sluice.toml:2: ring.size has a number with a fraction where it needs "
                    + "a size such as \"256MiB\" (units B, KiB, MiB, GiB)"
            ])
        #expect(problems("[[udp]]\nallow = \"10.0.0.0/8\"").count == 1)
        #expect(problems("[[udp]]\nallow = [10]").count == 1)
        #expect(problems("[[table]]\nname = \"x\"\nmeasurement = 3").count == 1)
        #expect(problems("[database]\nconninfo = true").count == 1)
    }

    @Test func `a value out of range is told with its key and its range`() {
        #expect(
            problems("[batch]\nrows = 0") == [
                "sluice.toml:2: batch.rows = 0 is out of range; possible is 1 to 1000000"
            ])
        #expect(
            problems("[ring]\nsync = \"1ms\"") == [
                "sluice.toml:2: ring.sync = \"1ms\" is out of range; "
                    + "possible is 0s or 10ms to 1h"
            ])
        #expect(
            problems("[ring]\nsize = \"1KiB\"") == [
                "sluice.toml:2: ring.size = \"1KiB\" is out of range; possible is 1MiB to 1024GiB"
            ])
    }

    @Test(arguments: [
        "connect_timeout = \"0s\"", "connect_timeout = \"1h\"", "retry_min = \"1ms\"",
        "retry_max = \"2h\"",
    ])
    func `the database's waiting times have bounds`(line: String) {
        #expect(problems("[database]\n\(line)").count == 1)
    }

    @Test(arguments: ["garbage", "hots=db", "host='db", "postgresql://[::1/x"])
    func `a connection string that libpq cannot read is refused`(text: String) {
        let lines = problems("[database]\nconninfo = \"\(text)\"")
        #expect(lines.count == 1)
        #expect(lines[0].hasPrefix("sluice.toml:2: database.conninfo is wrong: "))
    }

    @Test(arguments: [
        "64mib", "MiB", "1.5MiB", "-1MiB", "", "64 MiB x", "99999999999GiB", "0x10", "64TiB",
    ])
    func `what is not a size is refused`(text: String) {
        #expect(problems("[ring]\nsize = \"\(text)\"").count == 1)
    }

    @Test(arguments: ["20", "ms", "20 parsecs", "-1s", "1.5s", "99999999999999999h", "1m"])
    func `what is not a duration is refused`(text: String) {
        #expect(problems("[status]\ninterval = \"\(text)\"").count == 1)
    }

    @Test func `a misspelt choice is told the nearest right one`() {
        #expect(
            problems("[ring]\noverflow = \"drop-old\"") == [
                "sluice.toml:2: ring.overflow = \"drop-old\" is not one of \"drop-newest\", "
                    + "\"drop-oldest\"; did you mean \"drop-oldest\"?"
            ])
        #expect(
            problems("[[table]]\nname = \"x\"\nduplicates = \"ignored\"") == [
                "sluice.toml:3: table.duplicates = \"ignored\" is not one of \"error\", "
                    + "\"ignore\", \"replace\"; did you mean \"ignore\"?"
            ])
    }

    @Test func `the first pause may not be longer than the longest`() {
        let lines = problems("[database]\nretry_max = \"1s\"\nretry_min = \"10s\"")
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("sluice.toml:3: database.retry_min is wrong") == true)
    }

    @Test func `a relative folder is refused`() {
        #expect(problems("[ring]\ndirectory = \"ring\"").count == 1)
    }

    @Test func `listeners have names and addresses of their own`() {
        #expect(problems("[[udp]]\n[[udp]]").count == 1)
        #expect(problems("[[udp]]\n[[udp]]\nname = \"b\"").count == 1)
        #expect(problems("[[udp]]\nlisten = \":0\"\n[[udp]]\nname = \"b\"\nlisten = \":0\"") == [])
        #expect(problems("[[udp]]\nname = \"\"").count == 1)
    }

    @Test func `a network with bits behind its prefix is told both meanings`() {
        #expect(
            problems("[[udp]]\nallow = [\n  \"10.1.2.3/8\",\n]") == [
                "sluice.toml:3: udp.allow has \"10.1.2.3/8\", an address with a prefix; "
                    + "write 10.0.0.0/8 for the network or 10.1.2.3 alone"
            ])
        #expect(problems("[[udp]]\nallow = [\"10.0.0.0/33\", \"here\"]").count == 2)
    }

    @Test func `a measurement goes to one table only`() {
        let text = """
            [[table]]
            name = "a"
            measurement = ["x", "y"]
            [[table]]
            name = "b"
            measurement = "y"
            [[table]]
            name = "x"
            """
        #expect(
            problems(text) == [
                "sluice.toml:6: table.measurement sends measurement \"y\" here, "
                    + "but it goes to table a already",
                "sluice.toml:8: table.name sends measurement \"x\" here, "
                    + "but it goes to table a already",
            ])
    }

    @Test func `a table without a name is refused at its header`() {
        #expect(
            problems("\n[[table]]\nmeasurement = \"x\"") == [
                "sluice.toml:2: [[table]] needs a name: name = \"schema.table\""
            ])
        #expect(problems("[[table]]\nname = \"a\"\n[[table]]\nname = \"a\"").count == 2)
    }

    @Test func `a syntax error tells its line`() {
        #expect(
            problems("[ring]\nsize = \n") == [
                "sluice.toml:2: a value is missing here; a text stands in quotes"
            ])
    }

    @Test func `a strange key cannot break the message`() {
        #expect(
            problems("[log]\n\"a\\nb c\" = 1") == [
                "sluice.toml:2: unknown key log.\"a b c\"; [log] has the keys level, format"
            ])
        #expect(problems("[[udp]]\nname = \"a\\tb\"").count == 1)
    }

    @Test func `what is in an inline table is found on its line`() {
        #expect(
            problems("\nbatch = { rows = 0 }") == [
                "sluice.toml:2: batch.rows = 0 is out of range; possible is 1 to 1000000"
            ])
        #expect(problems("batch.rows = 0").first?.hasPrefix("sluice.toml:1: batch.rows") == true)
    }

    @Test func `a problem is one line whatever the value holds`() {
        let lines = problems(
            "[log]\nlevel = \"\"\"a\nb\"\"\"\nformat = \"\"\"\(String(repeating: "x", count: 500))\"\"\""
        )
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { !$0.contains("\n") && $0.utf8.count < 300 })
    }
}
