import CLinux
import Glibc

/// A stretch of mapped memory whose every access is checked against its bounds, so that no content
/// of a file can lead outside.
@safe
struct Region: @unchecked Sendable {
    // @unchecked: who may touch which bytes when is decided by the ring's lock and the pin.
    let base: UnsafeMutableRawPointer
    let count: Int

    init(base: UnsafeMutableRawPointer, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    private func check(_ offset: Int, _ length: Int) {
        precondition(offset >= 0 && length >= 0 && offset <= count &- length)
    }

    func load(_ offset: Int) -> UInt64 {
        check(offset, 8)
        return unsafe UInt64(
            littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    func load32(_ offset: Int) -> UInt32 {
        check(offset, 4)
        return unsafe UInt32(
            littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func store(_ value: UInt64, _ offset: Int) {
        check(offset, 8)
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    func store32(_ value: UInt32, _ offset: Int) {
        check(offset, 4)
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }

    /// As many words as fit the result, one behind the other.
    func words<let count: Int>(_ offset: Int) -> InlineArray<count, UInt64> {
        check(offset, count * 8)
        let start = unsafe base + offset
        return InlineArray { index in
            unsafe UInt64(
                littleEndian: start.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
    }

    func store<let count: Int>(_ words: InlineArray<count, UInt64>, _ offset: Int) {
        check(offset, count * 8)
        let start = unsafe base + offset
        for index in words.indices {
            unsafe start.storeBytes(
                of: words[index].littleEndian, toByteOffset: index * 8, as: UInt64.self)
        }
    }

    func bytes(_ offset: Int, _ length: Int) -> UnsafeRawBufferPointer {
        check(offset, length)
        return unsafe UnsafeRawBufferPointer(start: base + offset, count: length)
    }

    func room(_ offset: Int, _ length: Int) -> UnsafeMutableRawBufferPointer {
        check(offset, length)
        return unsafe UnsafeMutableRawBufferPointer(start: base + offset, count: length)
    }

    /// Copies the bytes, unless they stand there already, and zeros behind them up to whole words.
    func fill(_ offset: Int, with source: UnsafeRawBufferPointer) {
        let rounded = Layout.roundUp(source.count)
        check(offset, rounded)
        let target = unsafe base + offset
        if unsafe source.baseAddress == UnsafeRawPointer(target) {
            unsafe memset(target + source.count, 0, rounded - source.count)
        } else if source.count > 0 {
            unsafe target.storeBytes(of: 0, toByteOffset: rounded - 8, as: UInt64.self)
            unsafe target.copyMemory(from: source.baseAddress!, byteCount: source.count)
        }
    }

    func part(_ offset: Int, _ length: Int) -> Region {
        check(offset, length)
        return unsafe Region(base: base + offset, count: length)
    }

    func copy(_ source: UnsafeRawBufferPointer, to offset: Int) {
        check(offset, source.count)
        guard source.count > 0 else { return }
        unsafe (base + offset).copyMemory(from: source.baseAddress!, byteCount: source.count)
    }

    func clear(_ offset: Int, _ length: Int) {
        check(offset, length)
        unsafe memset(base + offset, 0, length)
    }

    func checksum(_ offset: Int, _ length: Int, continuing crc: UInt32 = 0) -> UInt32 {
        let bytes = unsafe bytes(offset, length)
        return unsafe clinux_crc32c(crc, bytes.baseAddress, length)
    }

    func isZero(_ offset: Int, _ length: Int) -> Bool {
        guard length > 0 else { return true }
        // The first byte is zero, and every other one is like the one before it.
        let bytes = unsafe bytes(offset, length)
        let start = bytes.baseAddress!
        return unsafe bytes[0] == 0 && memcmp(start, start + 1, length - 1) == 0
    }
}
