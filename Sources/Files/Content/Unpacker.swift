/// Unpacks a stream piece by piece.
protocol Unpacker: ~Copyable {
    /// Unpacks from `input` into `output`, as far as both reach.
    ///
    /// - Returns: how many bytes of each were used.
    mutating func unpack(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(UnpackError) -> (consumed: Int, produced: Int)

    /// Whether everything so far was whole members or frames: the file may end here.
    var isBetween: Bool { get }
}

/// Why a stream cannot be unpacked any further.
enum UnpackError: Error, Equatable {
    case corrupt(String)
    case garbage
    case window
}
