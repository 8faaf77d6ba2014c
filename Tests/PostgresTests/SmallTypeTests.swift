import Postgres
import Testing

@Suite struct SmallTypeTests {
    @Test func `booleans have six spellings`() throws {
        let texts = [
            "t", "T", "true", "True", "TRUE", "1", "f", "F", "false", "False", "FALSE", "0",
        ]
        var transport = try Transport(to: "boolean")
        let stored = try transport.stored(texts) { rows, text throws(Misfit) in
            rows.append(try readBoolean(text))
        }
        #expect(try stored == transport.literals(texts))
        for text in ["", "yes", "on", "2", "tr", "truex", "T ", "01", "-1", "1.0"] {
            let bytes = bytes(text)
            #expect(throws: Misfit.notABoolean, "\(text)") { try readBoolean(bytes.span) }
        }
    }

    @Test func `a UUID is read in every spelling of the server`() throws {
        let texts = [
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
            "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "", "{}", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
            "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc9-99c0b-4ef8-bb6d-6bb9bd380a11",
            "-a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11-",
            "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        ]
        var transport = try Transport(to: "uuid")
        let stored = try transport.stored(texts) { rows, text throws(Misfit) in
            rows.append(try UUIDBytes(text))
        }
        for (text, (own, server)) in zip(texts, zip(stored, try transport.literals(texts))) {
            #expect(own == (server == "22P02" ? "notAUUID" : server), "\(text)")
        }
    }

    @Test func `text is kept as it is, the empty one too`() throws {
        let texts = ["", " ", "a", "'\"\\", "\\N", "line\nline\ttab\u{1}", "größe €", "😀👩‍👩‍👧", "NULL"]
        var transport = try Transport(to: "text")
        let stored = try transport.stored(texts) { rows, text throws(Misfit) in
            try rows.appendText(text)
        }
        #expect(stored == texts)
    }

    @Test func `a varchar counts characters, and blanks beyond its limit are cut off`() throws {
        let texts = [
            "", "12345", "123456", "äöüß€", "äöüß€ö", "😀😀😀😀😀", "😀😀😀😀😀😀", "12345   ",
            "12345 x", "     ", "      ", "1234 ", "ééééé     ", "e\u{301}e\u{301}e\u{301}",
        ]
        var transport = try Transport(to: "varchar(5)")
        let stored = try transport.stored(texts) { rows, text throws(Misfit) in
            try rows.appendText(text, characterLimit: 5)
        }
        for (text, (own, server)) in zip(texts, zip(stored, try transport.literals(texts))) {
            #expect(own == (server == "22001" ? "tooLong" : server), "\(text)")
        }
    }

    @Test func `NUL and what is no UTF-8 never reach the server`() {
        for bytes in [
            [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80],
            [0xFF], [0x61, 0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x98], [0xF0, 0x9F, 0x28, 0x80],
        ] as [[UInt8]] {
            #expect(throws: Misfit.invalidUTF8, "\(bytes)") {
                try checkText(bytes.span, characterLimit: nil)
            }
        }
        let nul: [UInt8] = [0x61, 0x00, 0x62]
        #expect(throws: Misfit.nulCharacter) { try checkText(nul.span, characterLimit: nil) }
        for scalar in [
            "\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}",
        ] {
            let bytes = bytes(scalar)
            #expect(throws: Never.self) { try checkText(bytes.span, characterLimit: 1) }
        }
    }

    @Test func `every NULL is NULL`() throws {
        var connection = try freshConnection()
        let types = [
            "smallint", "integer", "bigint", "real", "double precision", "numeric", "numeric(10,4)",
            "boolean", "text", "varchar(3)", "timestamptz", "timestamp", "date", "jsonb", "uuid",
        ]
        let columns = types.indices.map { "c\($0) \(types[$0])" }.joined(separator: ", ")
        try connection.execute("create table t (\(columns))")
        var rows = CopyRows(byteLimit: 1000, rowLimit: 2)
        for _ in 0..<2 {
            rows.beginRow(columnCount: types.count)
            for _ in types { rows.appendNull() }
            #expect(rows.rowCount == (rows.byteCount > 0 ? 1 : 0))
            let isKept = rows.endRow()
            #expect(isKept)
        }
        let count = try connection.copy(rows, 0..<2, "copy t from stdin (format binary)")
        #expect(count == 2)
        let read = try connection.query("select * from t")
        #expect(read == [[String?]](repeating: types.map { _ in nil }, count: 2))
    }
}
