/// Whether the server will take these bytes as `text` or, with a limit, as `varchar`.
///
/// Blanks beyond the limit are cut off by the server itself, without an error.
package func checkText(_ text: Span<UInt8>, characterLimit: Int?) throws(Misfit) {
    let characterCount = try countCharacters(text)
    guard let characterLimit, characterCount > characterLimit else { return }
    var end = text.count
    var left = characterCount
    while left > characterLimit {
        end -= 1
        guard text[end] == UInt8(ascii: " ") else { throw .tooLong }
        left -= 1
    }
}

/// Counts characters, and refuses what is not UTF-8 and NUL, which PostgreSQL cannot hold.
func countCharacters(_ text: Span<UInt8>) throws(Misfit) -> Int {
    var count = 0
    var index = 0
    while index < text.count {
        let size = try characterSize(text, at: index)
        index += size
        count += 1
    }
    return count
}

/// The bytes of the character that begins here.
@inline(__always)
func characterSize(_ text: Span<UInt8>, at index: Int) throws(Misfit) -> Int {
    let first = text[index]
    if first < 0x80 {
        if first == 0 { throw .nulCharacter }
        return 1
    }
    return try longCharacterSize(text, at: index)
}

/// The same for characters of two to four bytes; overlong forms, surrogates and what lies beyond
/// U+10FFFF are none.
private func longCharacterSize(_ text: Span<UInt8>, at index: Int) throws(Misfit) -> Int {
    let size: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch text[index] {
    case 0xC2...0xDF: size = 2
    case 0xE0:
        size = 3
        second = 0xA0...0xBF
    case 0xED:
        size = 3
        second = 0x80...0x9F
    case 0xE1...0xEF: size = 3
    case 0xF0:
        size = 4
        second = 0x90...0xBF
    case 0xF4:
        size = 4
        second = 0x80...0x8F
    case 0xF1...0xF3: size = 4
    default: throw .invalidUTF8
    }
    guard text.count - index >= size, second.contains(text[index + 1]) else {
        throw .invalidUTF8
    }
    for offset in 2..<max(size, 2) where text[index + offset] & 0xC0 != 0x80 {
        throw .invalidUTF8
    }
    return size
}
