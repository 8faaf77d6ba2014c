/// Where a file's raw bytes come from: a descriptor in production, memory and trouble in tests.
package protocol ByteSource: ~Copyable {
    /// The file's name as `visibleName` shows it, for errors.
    var name: String { get }

    /// Reads the next bytes, at least one unless there are no more.
    ///
    /// - Parameter bytes: not empty.
    /// - Returns: how many bytes were read; 0 at the end.
    mutating func read(into bytes: UnsafeMutableRawBufferPointer) throws(FileError) -> Int

    /// Leaves out bytes without reading them, where the source can.
    ///
    /// - Returns: how many were left out, at most `count`, and not beyond the end.
    mutating func leap(_ count: Int) throws(FileError) -> Int
}

extension ByteSource where Self: ~Copyable {
    package mutating func leap(_ count: Int) throws(FileError) -> Int { 0 }
}
