import Glibc

/// A number that changes whenever the machine starts: what the page cache held is gone then.
///
/// - Parameter identifier: the boot's identifier as the service manager gave it, for a process that
///   cannot see the kernel's own.
/// - Returns: 0 when nobody says; then no two starts are taken for the same boot.
func bootNumber(_ identifier: String? = nil) -> UInt64 {
    bootNumber(named: kernelBootIdentifier() ?? identifier.map { Array($0.utf8) } ?? [])
}

func bootNumber(named text: [UInt8]) -> UInt64 {
    // The kernel writes it with hyphens, systemd without.
    let digits = text.filter { byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
    guard !digits.isEmpty else { return 0 }
    // FNV-1a: any good mix will do, 32 digits become a word.
    return digits.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

private func kernelBootIdentifier() -> [UInt8]? {
    let descriptor = unsafe Glibc.open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { Glibc.close(descriptor) }
    var text: [UInt8] = Array(repeating: 0, count: 64)
    let count = unsafe text.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress, $0.count)
    }
    return count > 0 ? Array(text[..<count]) : nil
}

/// Nanoseconds since 1970 in UTC.
func nowInNanoseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
