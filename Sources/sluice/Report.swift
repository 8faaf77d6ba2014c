import ArgumentParser
import Glibc
import Ingest

/// Writes one line to standard error, which is where errors of commands go.
func report(_ message: String) {
    let line = Array("sluice: \(message)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Works as the owner of a file when root runs the command, or tells why not and ends.
func become(ownerOf path: String) throws {
    do throws(ServiceUser.Failure) {
        try ServiceUser.become(ownerOf: path)
    } catch {
        report(error.description)
        throw ExitCode(EX_NOPERM)
    }
}
