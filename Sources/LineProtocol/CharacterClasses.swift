/// Which bytes end a run of plain characters, as one bit per place in the grammar.
///
/// A table in memory that is made once and never changes or goes away: one load per byte, and no
/// check whether a global is initialised.
enum CharacterClass {
    /// Ends a raw run in a measurement.
    static let measurement: UInt8 = 1
    /// Ends a raw run in a tag key, tag value or field key.
    static let key: UInt8 = 2
    /// Needs a look inside a string.
    static let string: UInt8 = 4
    /// May be escaped in a measurement.
    static let measurementEscape: UInt8 = 8
    /// May be escaped in a tag key, tag value or field key.
    static let keyEscape: UInt8 = 16
    /// May be escaped in a string.
    static let stringEscape: UInt8 = 32
    /// A control character: a line that has one outside of strings is refused.
    static let control: UInt8 = 64
}

/// The constants that the scanner reads through pointers.
@safe  // Written once below, read only ever after.
struct Tables: @unchecked Sendable {
    let classes: UnsafePointer<UInt8>
    /// 10 to the 0 … 22, all exact. The place in front of them is there for who counts from it, and is
    /// never read.
    let powersOfTen: UnsafePointer<Double>

    static let shared = Tables()

    private init() {
        let classes = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        unsafe classes.initialize(repeating: 0, count: 256)
        func add(_ bits: UInt8, to byte: UInt8) { unsafe classes[Int(byte)] |= bits }

        let names = CharacterClass.measurement | CharacterClass.key
        for byte in UInt8.min..<0x20 { add(names | CharacterClass.control, to: byte) }
        add(names | CharacterClass.control, to: 0x7f)
        add(names, to: Byte.backslash)
        for byte in [Byte.space, Byte.comma] {
            add(names | CharacterClass.measurementEscape | CharacterClass.keyEscape, to: byte)
        }
        add(CharacterClass.key | CharacterClass.keyEscape, to: Byte.equals)
        add(CharacterClass.string | CharacterClass.stringEscape, to: Byte.quote)
        add(CharacterClass.string | CharacterClass.stringEscape, to: Byte.backslash)
        add(CharacterClass.string, to: Byte.lineFeed)
        unsafe self.classes = UnsafePointer(classes)

        let powers = unsafe UnsafeMutablePointer<Double>.allocate(capacity: 24) + 1
        unsafe powers[-1] = 1
        var power = 1.0
        for exponent in 0...22 {
            unsafe powers[exponent] = power
            power *= 10
        }
        unsafe powersOfTen = UnsafePointer(powers)
    }
}

/// Names for the bytes that mean something.
enum Byte {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let tab = UInt8(ascii: "\t")
    static let space = UInt8(ascii: " ")
    static let comma = UInt8(ascii: ",")
    static let equals = UInt8(ascii: "=")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let hash = UInt8(ascii: "#")
    static let minus = UInt8(ascii: "-")
    static let plus = UInt8(ascii: "+")
    static let point = UInt8(ascii: ".")
    static let zero = UInt8(ascii: "0")
}
