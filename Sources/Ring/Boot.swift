import Glibc

/// A number that changes whenever the machine starts: what the page cache held is gone then.
///
/// - Returns: 0 when the kernel does not say; then no two starts are taken for the same boot.
func bootNumber() -> UInt64 {
    let descriptor = unsafe Glibc.open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { Glibc.close(descriptor) }
    var text: [UInt8] = Array(repeating: 0, count: 64)
    let count = unsafe text.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress, $0.count)
    }
    guard count > 0 else { return 0 }
    // FNV-1a: any good mix will do, 36 characters become a word.
    return text[..<count].reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

/// Nanoseconds since 1970 in UTC.
func nowInNanoseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
