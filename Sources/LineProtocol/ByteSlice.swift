import Glibc

/// Bytes of a payload (or of a batch's scratch memory), not owned.
///
/// Danger: a slice is good until its payload or its batch changes; nothing checks that. It is
/// marked safe because passing it around touches no memory; every way to its bytes that can go
/// wrong (`base`, `buffer`) is unsafe by type, and the subscript checks its bounds.
@safe
public struct ByteSlice {
    public let base: UnsafePointer<UInt8>
    public let count: Int32

    @inlinable @inline(__always)
    public init(base: UnsafePointer<UInt8>, count: Int) {
        unsafe self.base = base
        self.count = Int32(truncatingIfNeeded: count)
    }

    @inlinable @inline(__always)
    public var isEmpty: Bool { count == 0 }

    @inlinable @inline(__always)
    public var buffer: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(start: base, count: Int(count))
    }

    @inlinable @inline(__always)
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < Int(count))
        return unsafe base[index]
    }

    /// Whether both hold the same bytes.
    package func equals(_ other: ByteSlice) -> Bool {
        guard count == other.count else { return false }
        return unsafe memcmp(base, other.base, Int(count)) == 0
    }

    /// Whether the bytes are those of `text`, a constant of the program.
    package func equals(_ text: StaticString) -> Bool {
        guard Int(count) == text.utf8CodeUnitCount else { return false }
        return unsafe memcmp(base, text.utf8Start, Int(count)) == 0
    }

    /// A copy as text, for messages and for tests; never on the way of a reading.
    package var text: String {
        unsafe String(decoding: buffer, as: UTF8.self)
    }
}
