import Foundation
import SystemPackage
import Testing

@testable import Files

/// Patterns find what the shell would, and say which folders they looked into.
@Suite final class PathPatternTests {
    private let root: FilePath

    init() throws {
        root = FilePath("/tmp/sluice-pattern-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            atPath: root.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root.string) }

    private func make(_ names: String...) {
        for name in names {
            let path = root.appending(name)
            try? FileManager.default.createDirectory(
                atPath: path.folder.string, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(atPath: path.string, contents: Data())
        }
    }

    private struct Walk: PathPattern.Visitor {
        var folders: [FilePath] = []
        var matching: [FilePath] = []
        var others: [FilePath] = []
        var errors: [FilePath] = []

        mutating func visit(folder: FilePath, depth: Int) { folders.append(folder) }
        mutating func visit(path: FilePath, matches: Bool) {
            if matches { matching.append(path) } else { others.append(path) }
        }
        mutating func cannotRead(folder: FilePath, _ error: FileError) { errors.append(folder) }
    }

    private func walk(_ pattern: String, withRotated: Bool = false) -> Walk {
        var walk = Walk()
        PathPattern(root.appending(pattern).string).expand(&walk, withRotated: withRotated)
        return walk
    }

    private func names(_ paths: [FilePath]) -> [String] {
        paths.map { String($0.string.dropFirst(root.string.utf8.count + 1)) }
    }

    @Test func `names and folders match as in the shell, in the order of their bytes`() {
        make("b/x.lp", "a/y.lp", "a/x.lp", "a/x.log", "a/.hidden.lp", "c.lp", "ab/z.lp")
        #expect(names(walk("?/*.lp").matching) == ["a/x.lp", "a/y.lp", "b/x.lp"])
        #expect(names(walk("[bc]*/*").matching) == ["b/x.lp"])
        #expect(names(walk("a/x.lp").matching) == ["a/x.lp"])
        #expect(names(walk("a/.h*").matching) == ["a/.hidden.lp"])
        #expect(walk("?/*.lp").folders.contains(root.appending("b")))
        #expect(walk("?/*.lp").folders.contains(root))
    }

    @Test func `a folder that is not there is told`() {
        #expect(names(walk("none/*.lp").errors) == ["none"])
        #expect(walk("none/*.lp").folders.contains(root.appending("none")))
        #expect(walk("none*/x.lp").errors.isEmpty)
    }

    @Test func `rotated names are those with something behind them`() {
        make("x.lp", "x.lp.1", "x.lp-20260131", "x.lp.2.gz", "y.log", "x.lpa")
        let walk = walk("x.lp", withRotated: true)
        #expect(names(walk.matching) == ["x.lp"])
        #expect(names(walk.others) == ["x.lp-20260131", "x.lp.1"])
    }

    @Test func `whole paths match component by component`() {
        let pattern = PathPattern("/data/*/x*.lp")
        #expect(pattern.matches(path: "/data/a/x1.lp"))
        #expect(!pattern.matches(path: "/data/x1.lp"))
        #expect(!pattern.matches(path: "/data/a/b/x1.lp"))
        #expect(!pattern.matches(path: "/other/a/x1.lp"))
    }

    @Test func `names that are no text are found and can be shown`() throws {
        let name: [UInt8] = [0xFF, 0x1B, UInt8(ascii: "a")]
        let component = try #require(FilePath.Component(bytes: name[...]))
        #expect(component.bytes == name)
        let path = root.appending(component)
        path.withPlatformString { _ = close(open($0, O_CREAT | O_WRONLY, 0o600)) }
        #expect(walk("*").matching == [path])
        #expect(path.shown.hasSuffix("/\\xFF\\x1Ba"))
    }

    @Test func `what happens in a watched folder is told`() throws {
        make("a/x")
        let folder = root.appending("a")
        let watch = try FolderWatch()
        try watch.add(folder, withContent: true)
        let x = folder.appending("x")
        func run(_ command: String) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "cd \(folder.string) && \(command)"]
            try? process.run()
            process.waitUntilExit()
        }
        func kinds() throws -> [String] {
            try watch.changes().changes.map { "\($0.kind) \($0.name?.string ?? "-")" }
        }
        run("echo 1 >> x")
        #expect(try kinds().contains("modified x"))
        run("mv x y")
        #expect(try kinds() == ["vanished x", "movedHere y"])
        run("ln y z; rm y")
        #expect(try kinds() == ["appeared z", "vanished y"])
        #expect(try kinds() == [])
        run("rm z; rmdir ../a")
        #expect(try kinds() == ["vanished z", "folderGone -"])
        #expect(watch.watched.isEmpty)
        #expect(throws: FileError.self) { try watch.add(folder, withContent: true) }
        _ = x
    }

    @Test func `a file is moved without taking another one's name`() throws {
        make("x", "done/x", "done/x.1")
        try moveFile(root.appending("x"), into: root.appending("done"))
        #expect(FileStatus(root.appending("done/x.2")) != nil)
        #expect(FileStatus(root.appending("x")) == nil)
        make("x")
        #expect(throws: FileError.self) {
            try moveFile(root.appending("x"), into: root.appending("none"))
        }
        #expect(FileStatus(root.appending("x")) != nil)
    }
}
