/// The numbers that bound the decoder. All of its memory follows from them.
package enum Limits {
    /// Longest logical line, in bytes without its line end, when the caller says nothing.
    package static let lineBytesDefault = 1 << 20

    /// Largest line length, in bytes, that a caller may ask for; counts of bytes within a line
    /// are 32 bits wide.
    package static let lineBytesMax = 1 << 26

    /// The shortest tag (`,a=b`) and the shortest field (` a=1`), in bytes: how many of them a
    /// line of a given length can hold.
    static let itemBytesMin = 4

    /// Up to this many keys of one line are compared each with each; more are sorted first, so
    /// that a line of thousands of tags does not cost millions of comparisons.
    static let keysComparedPairwise = 12

    /// Digits that are handed to `strtod`. 768 significant digits decide every double; what
    /// follows them only matters as "something more than zero".
    static let floatDigits = 800

    /// Bytes of the copy that `strtod` reads: sign, digits, `e`, a signed exponent and NUL.
    static let floatCopyBytes = 832

    /// Bytes after a line's last that belong to its end: CR and LF.
    static let lineEndBytes = 2

    /// What a stream's buffer holds beyond the longest line, in bytes.
    static let streamSlackBytes = 1 << 16

    /// How often the bytes of a line that spans pieces may be looked at again before the stream
    /// waits for twice as many; bounds the work for input that arrives byte by byte.
    static let streamRetries = 8
}
