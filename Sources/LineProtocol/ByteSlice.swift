import Glibc

/// Bytes of a payload (or of a batch's scratch memory), not owned.
///
/// Danger: a slice is good until its payload or its batch changes; nothing checks that. It is
/// marked safe because passing it around touches no memory; every way to its bytes that can go
/// wrong (`base`, `buffer`) is unsafe by type, and the subscript checks its bounds.
@safe
package struct ByteSlice {
    package let base: UnsafePointer<UInt8>
    package let count: Int32

    @inlinable @inline(__always)
    package init(base: UnsafePointer<UInt8>, count: Int) {
        unsafe self.base = base
        self.count = Int32(truncatingIfNeeded: count)
    }

    @inlinable
    package var isEmpty: Bool { count == 0 }

    @inlinable
    package var buffer: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(start: base, count: Int(count))
    }

    @inlinable
    package subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < Int(count))
        return unsafe base[index]
    }

    /// Whether both hold the same bytes.
    @inlinable
    package func equals(_ other: ByteSlice) -> Bool {
        guard count == other.count else { return false }
        return unsafe memcmp(base, other.base, Int(count)) == 0
    }

    /// Whether the bytes are those of `text`, a constant of the program.
    @inlinable
    package func equals(_ text: StaticString) -> Bool {
        guard Int(count) == text.utf8CodeUnitCount else { return false }
        return unsafe memcmp(base, text.utf8Start, Int(count)) == 0
    }

    /// A copy as text, for messages and for tests; never on the way of a reading.
    package var text: String {
        unsafe String(decoding: buffer, as: UTF8.self)
    }
}
