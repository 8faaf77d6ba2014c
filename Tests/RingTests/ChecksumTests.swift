import CLinux
import Testing

@Test func `the checksum is CRC32C as others compute it`() {
    let digits = Array("123456789".utf8)
    #expect(clinux_crc32c(0, digits, digits.count) == 0xE306_9283)
    #expect(clinux_crc32c_portable(0, digits, digits.count) == 0xE306_9283)
    let zeros = [UInt8](repeating: 0, count: 32)
    #expect(clinux_crc32c(0, zeros, zeros.count) == 0x8A91_36AA)
}

@Test func `the instruction and the tables agree at every length and in pieces`() {
    var dice = Dice(state: 1)
    let bytes = dice.bytes(5000)
    for length in Array(0...1300) + [2015, 2016, 2017, 3333, 5000] {
        let whole = clinux_crc32c(7, bytes, length)
        #expect(whole == clinux_crc32c_portable(7, bytes, length))
        let cut = length / 3
        let pieces = bytes.withUnsafeBytes { all in
            clinux_crc32c(
                clinux_crc32c(7, all.baseAddress, cut), all.baseAddress! + cut, length - cut)
        }
        #expect(whole == pieces)
    }
}

@Test func `five words are forty bytes`() {
    let words: [UInt64] = [1, 0x0102_0304_0506_0708, .max, 0, 42]
    let bytes = words.withUnsafeBytes { clinux_crc32c(9, $0.baseAddress, $0.count) }
    #expect(clinux_crc32c_words(9, words[0], words[1], words[2], words[3], words[4]) == bytes)
}
