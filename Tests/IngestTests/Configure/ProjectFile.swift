import Glibc

/// Reads a file of the project, such as `docs/configuration.md`.
func projectFile(_ path: String, from here: String = #filePath) throws -> String {
    let root = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        .joined(separator: "/")
    guard let file = fopen("\(root)/\(path)", "r") else {
        throw TemporaryFolder.Failure(code: errno)
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}
