/// A library that decompresses one format: bytes in, bytes out, member after member. It knows no
/// file and reads nothing.
protocol Decompressor: AnyObject {
    var format: CompressedFormat { get }

    /// Bytes that `begin` wants to see of a member, where the file has so many.
    static var beginBytesMax: Int { get }

    /// Looks at what follows the members so far, and gets ready for another one.
    ///
    /// - Parameter bytes: at least one; fewer than `beginBytesMax` only at the file's end.
    func begin(_ bytes: Span<UInt8>) -> Beginning

    /// Decompresses some of the present member.
    ///
    /// - Parameters:
    ///   - input: may be empty, as there may be output left of what was put in before.
    ///   - output: not empty.
    func step(_ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer) -> Step
}

/// What stands where a member may begin. A frame is a member to us, a skippable one too.
enum Beginning: Equatable {
    case member
    /// The file ends within a member's first bytes.
    case cutOff
    /// Nothing but zero bytes may follow.
    case padding
    case garbage
}

/// What one step of a decompressor did. Its counts hold whatever the outcome is.
struct Step: Equatable {
    enum Outcome: Equatable {
        /// To be called again; with more input when nothing was consumed nor produced.
        case unfinished
        case memberEnd
        case fault(StreamFault.Kind)
        case outOfMemory
    }

    /// Bytes of input.
    let consumed: Int
    /// Bytes of output.
    let produced: Int
    let outcome: Outcome
}
