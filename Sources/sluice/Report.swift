import Glibc

/// Writes one line to standard error, which is where errors of commands go.
func report(_ message: String) {
    let line = Array("sluice: \(message)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
