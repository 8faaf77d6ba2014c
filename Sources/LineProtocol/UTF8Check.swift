/// Whether the bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing cut off.
func isWellFormedUTF8(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var index = 0
    while index < count {
        let lead = unsafe base[index]
        index += 1
        if lead < 0x80 { continue }
        // The second byte's range rules out overlong forms, surrogates and what lies beyond
        // U+10FFFF; the bytes after it are plain continuations.
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xbf
        switch lead {
        case 0xc2...0xdf: length = 1
        case 0xe0: (length, lowest) = (2, 0xa0)
        case 0xed: (length, highest) = (2, 0x9f)
        case 0xe1...0xef: length = 2
        case 0xf0: (length, lowest) = (3, 0x90)
        case 0xf1...0xf3: length = 3
        case 0xf4: (length, highest) = (3, 0x8f)
        default: return false
        }
        guard count - index >= length else { return false }
        for _ in 0..<length {
            let byte = unsafe base[index]
            guard byte >= lowest && byte <= highest else { return false }
            (lowest, highest) = (0x80, 0xbf)
            index += 1
        }
    }
    return true
}
