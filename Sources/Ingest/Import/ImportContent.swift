import Files
import Glibc

/// The content of a file on the command line, from front to back, unpacked if it is compressed.
final class ImportContent {
    private let source: ImportSource
    private let stream: ContentStream

    init(_ source: ImportSource) throws(ImportError) {
        self.source = source
        do throws(FileError) {
            stream = try ContentStream(source.descriptor)
        } catch {
            throw ImportSource.failure(error, source.name)
        }
    }

    /// Whether the size of the content is that of the file.
    var isPlain: Bool { stream.format == .plain }
    /// Bytes of the file itself that were read, for the progress.
    var rawBytes: UInt64 { stream.rawBytes }
    /// Where and why the content could not be read to the file's end.
    var fault: ContentFault? { stream.fault }

    /// - Returns: bytes, 0 only at the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(ImportError) -> Int {
        do throws(FileError) {
            return try unsafe stream.read(into: target)
        } catch {
            throw ImportSource.failure(error, source.name)
        }
    }

    /// Passes over everything in front of `offset`.
    func skip(to offset: UInt64) throws(ImportError) {
        do throws(FileError) {
            _ = try stream.skip(offset)
        } catch {
            throw ImportSource.failure(error, source.name)
        }
    }
}
