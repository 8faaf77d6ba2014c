import Glibc

/// The project's folder.
private func projectFolder(_ here: String) -> String {
    here.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        .joined(separator: "/")
}

/// Reads a file of the project, such as `docs/configuration.md`.
func projectFile(_ path: String, from here: String = #filePath) throws -> String {
    guard let file = fopen("\(projectFolder(here))/\(path)", "r") else {
        throw TemporaryFolder.Failure(code: errno)
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}

/// The project's files whose paths match, such as `docs/*.md`.
func projectFiles(_ pattern: String, from here: String = #filePath) throws -> [String] {
    let folder = projectFolder(here)
    var found = glob_t()
    defer { globfree(&found) }
    let status = glob("\(folder)/\(pattern)", 0, nil, &found)
    guard status == 0 else { throw TemporaryFolder.Failure(code: status) }
    return (0..<Int(found.gl_pathc)).map {
        String(String(cString: found.gl_pathv[$0]!).dropFirst(folder.count + 1))
    }
}
