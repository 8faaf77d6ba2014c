/// The bytes around the rows of a binary COPY.
@usableFromInline
package enum CopyFormat {
    /// Signature, no flags, no extension: what comes before the first row.
    package static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)

    /// A column count of -1: what comes after the last row.
    package static let trailer: [UInt8] = [0xFF, 0xFF]

    /// The length that stands for NULL.
    @usableFromInline static let null: Int32 = -1
}
