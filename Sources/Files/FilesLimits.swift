/// The numbers that bound the reading of a file. Sizes are bytes.
package enum FilesLimits {
    /// Raw bytes that are read ahead; also the most that may have been read before a stream is
    /// opened.
    package static let inputBytes = 64 << 10

    /// The largest window of a zstd frame, as a power of 2: 32 MiB. That is enough for `zstd -1` to
    /// `-19` (8 MiB) and `--ultra -20`. `--ultra -21`, `-22` and `--long` need up to 128 MiB and
    /// more for each file that is read.
    package static let zstdWindowLogMax: Int32 = 25

    /// The same in bytes.
    package static let zstdWindowBytesMax = 1 << Int(zstdWindowLogMax)

    /// What zlib takes: a window of 32 KiB and its tables, 40 KiB by zconf.h.
    package static let gzipStateBytes = 48 << 10

    /// What libzstd takes: the window, room for a block before and behind it (128 KiB each), and
    /// its tables. The sum is generous, and a test compares it with what the library says.
    package static let zstdStateBytesMax = zstdWindowBytesMax + (1 << 20)

    /// What one stream takes at most, whatever its file holds. A plain file takes `inputBytes`, one
    /// by gzip `gzipStateBytes` more; a frame by zstd takes no more than its own window needs.
    package static let streamBytesMax = inputBytes + max(gzipStateBytes, zstdStateBytesMax)
}
