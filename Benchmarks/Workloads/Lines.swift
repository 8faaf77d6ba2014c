import LineProtocol

/// The inputs of the parser's workloads.
extension LineText {
    /// Blocks of each input: together larger than a core's first caches.
    private static let blockCount = 16

    private static let firstTime: Int64 = 1_790_000_000_000_000_000

    private static func time(_ index: Int) -> Int64 {
        firstTime + Int64(index / 1000) * 1_000_000_000 + Int64(index % 1000) * 1_000_000
    }

    private mutating func putSensor(_ index: Int) { putSensor(number: 1000 + index % 1000) }

    private mutating func putSensor(number: Int) {
        put(",sensor_id=")
        let start = bytes.count
        putDecimal(number, fractionDigits: 0)
        expectItem(
            keyBytes: 9, textBytes: bytes.count - start,
            content: UInt64(UInt8(ascii: "0")) + UInt64(number % 10))
        put(" ")
    }

    private mutating func endPoint(_ index: Int) {
        let time = Self.time(index)
        put(" ")
        putDecimal(Int(time), fractionDigits: 0)
        endLine(.success(time))
    }

    /// One reading of a tank a line, 95 bytes each.
    static func readings() -> LineText {
        let lineBytes = 95
        let count = blockCount * (blockBytesMax / lineBytes)
        var text = LineText(capacity: count * lineBytes)
        for index in 0..<count {
            text.put("tank")
            text.putSensor(index)
            text.putFloat("oxygen", 80_000 + index % 1997 * 10, fractionDigits: 3)
            text.put(",")
            text.putFloat("temperature", 8000 + index % 1999, fractionDigits: 3)
            text.put(",")
            text.putFloat("salinity", 3000 + index % 499, fractionDigits: 2)
            text.put(",")
            text.putFloat("ph", 700 + index % 97, fractionDigits: 2)
            text.endPoint(index)
        }
        precondition(text.bytes.count == count * lineBytes)
        return text
    }

    /// The same with values and sensors of many lengths, as of senders that write no more digits than
    /// there are.
    static func varied() -> LineText {
        let fields = [
            ("oxygen", 95_000), ("temperature", 5000), ("salinity", 28_000), ("ph", 7000),
        ]
        let count = blockCount * 700
        var text = LineText(capacity: count * 100)
        var random = Random()
        for index in 0..<count {
            text.put("tank")
            text.putSensor(number: 1 + random.below(2000))
            for (place, field) in fields.enumerated() {
                if place > 0 { text.put(",") }
                var value = field.1 + random.below(10_000)
                var fractionDigits = 3
                while fractionDigits > 0 && value % 10 == 0 {
                    value /= 10
                    fractionDigits -= 1
                }
                text.putFloat(field.0, value, fractionDigits: fractionDigits)
            }
            text.endPoint(index)
        }
        return text
    }

    /// 64 fields a line.
    static func wide() -> LineText {
        let fieldCount = 64
        let keys = (0..<fieldCount).map { "field_\($0)" }
        let count = 1000
        var text = LineText(capacity: 1 << 20)
        for index in 0..<count {
            text.put("wide")
            text.putSensor(index)
            for field in 0..<fieldCount {
                if field > 0 { text.put(",") }
                let value = 10_000 + (index * 7919 + field * 104_729) % 89_999
                text.putFloat(keys[field], value, fractionDigits: 1 + field % 4)
            }
            text.endPoint(index)
        }
        return text
    }

    /// Lines of many shapes in an order that no branch predictor knows.
    static func mixed() -> LineText {
        var text = LineText(capacity: 1 << 20)
        var random = Random()
        for index in 0..<blockCount * 700 {
            let shape = MixedLine.all[random.below(MixedLine.all.count)]
            text.put(shape.text)
            for item in shape.items { text.expect(item) }
            switch shape.result {
            case .point: text.endPoint(index)
            case .nothing: text.endLine(nil)
            case .failure(let error): text.endLine(.failure(error))
            }
        }
        return text
    }

    private mutating func expect(_ item: MixedLine.Item) {
        expectItem(
            keyBytes: item.key.utf8.count, textBytes: item.text.utf8.count,
            content: item.content)
    }
}

/// The same numbers in every run.
private struct Random {
    private var state: UInt64 = 1

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}

/// One of the shapes that lines have in the mixed input.
private struct MixedLine {
    enum Result {
        /// A timestamp is added to the text.
        case point
        case nothing
        case failure(LineError)
    }

    /// A tag or a field as it must come out.
    struct Item {
        let key: String
        let text: String
        /// The value's bits, or the text's last byte.
        var content: UInt64

        init(_ key: String, _ text: String) {
            self.key = key
            self.text = text
            content = UInt64(text.utf8.last!)
        }

        init(_ key: String, _ text: String, _ value: Double) {
            self.init(key, text)
            content = value.bitPattern
        }

        init(_ key: String, _ text: String, _ value: Int64) {
            self.init(key, text)
            content = UInt64(bitPattern: value)
        }

        init(_ key: String, _ text: String, _ value: Bool) {
            self.init(key, text)
            content = value ? 1 : 0
        }
    }

    let text: String
    var items: [Item] = []
    var result = Result.point

    static let all =
        points + [
            MixedLine(text: "# a comment, as exports have them", result: .nothing),
            MixedLine(text: "", result: .nothing),
            MixedLine(text: "tank,sensor_id=1000 ph=7.1.2", result: .failure(.value)),
            MixedLine(text: "tank,sensor_id= ph=7.1", result: .failure(.tag)),
            MixedLine(text: "tank,site=a,site=b ph=7.1", result: .failure(.duplicateTag)),
            MixedLine(text: "tank note=\"not closed", result: .failure(.string)),
            MixedLine(text: "tank ph=7.1 yesterday", result: .failure(.timestamp)),
        ]

    private static let points = [
        MixedLine(
            text: "tank,sensor_id=1000 oxygen=80.5,temperature=8.25",
            items: [
                Item("sensor_id", "1000"), Item("oxygen", "80.5", 80.5),
                Item("temperature", "8.25", 8.25),
            ]),
        MixedLine(
            text: "pump,site=north\\ bay,sensor_id=17 revolutions=1450i,on=true",
            items: [
                Item("site", "north bay"), Item("sensor_id", "17"),
                Item("revolutions", "1450", Int64(1450)), Item("on", "true", true),
            ]),
        MixedLine(
            text: "note,author=night\\,shift text=\"pump 4, \\\"loud\\\"\",level=3u",
            items: [
                Item("author", "night,shift"), Item("text", "pump 4, \"loud\""),
                Item("level", "3", Int64(3)),
            ]),
        MixedLine(
            text: "feed\\ line amount=1.25e-3,count=-12i,is\\=on=f",
            items: [
                Item("amount", "1.25e-3", 1.25e-3), Item("count", "-12", Int64(-12)),
                Item("is=on", "f", false),
            ]),
        MixedLine(
            text: "water,site=Tromsø level=-0.000001234567890123456789,state=\"grün\"",
            items: [
                Item("site", "Tromsø"),
                Item("level", "-0.000001234567890123456789", -0.000001234567890123456789),
                Item("state", "grün"),
            ]),
        MixedLine(
            text: "tank,b=2,a=1,d=4,c=3 z=1,y=2,x=3",
            items: [
                Item("b", "2"), Item("a", "1"), Item("d", "4"), Item("c", "3"),
                Item("z", "1", 1.0), Item("y", "2", 2.0), Item("x", "3", 3.0),
            ]),
    ]
}
