import Glibc
import TestSupport
import Testing

@testable import Files

@Suite struct DescriptorSourceTests {
    static let content = sensorLines(500)

    @Test func `a file is read without its descriptor's offset`() throws {
        let folder = Folder()
        let descriptor = folder.open(gzip(Self.content).bytes)
        defer { close(descriptor) }
        lseek(descriptor, 5, SEEK_SET)
        for _ in 0..<2 {
            let source = DescriptorSource(file: descriptor, name: "file")
            #expect(deliver(try FileStream(source)).bytes == Self.content)
        }
        #expect(lseek(descriptor, 0, SEEK_CUR) == 5)
    }

    @Test func `a file is read on behind what was read before`() throws {
        let folder = Folder()
        let file = zstd(Self.content).bytes
        let descriptor = folder.open(file)
        defer { close(descriptor) }
        let source = DescriptorSource(file: descriptor, name: "file", position: 10)
        let stream = try FileStream(source, prefix: file.span.extracting(first: 10))
        #expect(deliver(stream).bytes == Self.content)
    }

    @Test(arguments: [false, true])
    func `a pipe is waited for`(isNonblocking: Bool) throws {
        let folder = Folder()
        let pipe = folder.makePipe(isNonblocking: isNonblocking)
        defer { close(pipe.reader) }
        let script = "printf 'weather '; sleep 0.05; printf 't=1\\n'; sleep 0.05; printf 'end\\n'"
        let process = try Command.spawn(["sh", "-c", script], files: [1: pipe.writer])
        close(pipe.writer)
        let stream = try FileStream(DescriptorSource(stream: pipe.reader, name: "standard input"))
        let delivery = deliver(stream)
        Command.wait(for: process)
        #expect(delivery.bytes == Array("weather t=1\nend\n".utf8))
        #expect(delivery.ending == .complete)
    }

    @Test func `a pipe with gzip in it is decompressed`() throws {
        let folder = Folder()
        let pipe = folder.makePipe()
        defer { close(pipe.reader) }
        let file = gzip(Self.content).bytes
        #expect(write(pipe.writer, file, file.count) == file.count)
        close(pipe.writer)
        let stream = try FileStream(DescriptorSource(stream: pipe.reader, name: "standard input"))
        #expect(deliver(stream).bytes == Self.content)
    }

    @Test func `a folder is an error that says so`() throws {
        let descriptor = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        let expected = FileError("read", "/tmp", code: EISDIR)
        #expect(throws: expected) {
            _ = deliver(try FileStream(DescriptorSource(file: descriptor, name: "/tmp"))).bytes
        }
        #expect(
            expected.description
                == "/tmp: read failed: Is a directory; name a file and not a folder")
    }

    static let packageFile = findPackageFile()

    @Test(.enabled(if: packageFile != nil, "there is no file of gzip below /usr/share/doc"))
    func `a file of an installed package is read`() throws {
        let path = try #require(Self.packageFile)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(descriptor >= 0)
        let stream = try FileStream(DescriptorSource(file: descriptor, name: path))
        #expect(stream.format == .gzip)
        let delivery = deliver(stream)
        let expected = try Command.succeed(["gzip", "-dc", path])
        #expect(delivery.ending == .complete)
        #expect(String(decoding: delivery.bytes, as: UTF8.self) == expected)
    }

    private static func findPackageFile() -> String? {
        let search = ["sh", "-c", "find /usr/share/doc -name '*.gz' -type f -size -200k | head -1"]
        guard let text = try? Command.run(search).text, text.hasSuffix("\n") else { return nil }
        return String(text.dropLast())
    }
}
