import Glibc

/// Raw bytes read ahead of the decompressor, allocated once.
@safe
struct InputBuffer<Source: ByteSource & ~Copyable>: ~Copyable {
    // Safe: sole owner of `memory`; `start` and `end` stay within it.
    private var source: Source
    private let memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end: Int
    /// Raw bytes taken since the file's beginning.
    private(set) var offset = 0
    /// The source has ended, and is not asked again: a terminal would go on.
    private var hasEnded = false

    /// - Parameter prefix: what was read of the file before, at most `FilesLimits.inputBytes`.
    init(_ source: consuming Source, prefix: Span<UInt8>) {
        precondition(prefix.count <= FilesLimits.inputBytes)
        self.source = source
        unsafe memory = .allocate(byteCount: FilesLimits.inputBytes, alignment: 64)
        end = prefix.count
        for index in 0..<prefix.count { unsafe memory[index] = prefix[index] }
    }

    deinit { unsafe memory.deallocate() }

    var isEmpty: Bool { start == end }

    /// What a decompressor has no memory for, said with the file's name.
    var outOfMemory: FileError { FileError("decompress", source.name, code: ENOMEM) }

    /// Lends what is there; the bytes must not outlive `body`.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(rebasing: memory[start..<end]))
    }

    /// Lends what is there as a span.
    func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        unsafe withBytes { unsafe body(Span(_unsafeBytes: $0)) }
    }

    /// Bytes from the front are done with.
    mutating func take(_ count: Int) {
        precondition(count >= 0 && count <= end - start)
        start += count
        offset += count
    }

    /// Reads once, behind what is there.
    ///
    /// - Returns: whether there was more.
    mutating func readMore() throws(FileError) -> Bool {
        if hasEnded { return false }
        makeRoom()
        precondition(end < FilesLimits.inputBytes)
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[end...])
        let count = try unsafe source.read(into: room)
        end += count
        hasEnded = count == 0
        return !hasEnded
    }

    private mutating func makeRoom() {
        if start == 0 { return }
        unsafe memory.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: memory[start..<end]))
        end -= start
        start = 0
    }

    /// Reads until so many bytes are there, or there are no more.
    mutating func fill(atLeast count: Int) throws(FileError) {
        while end - start < count, try readMore() {}
    }

    /// Moves bytes on as they are: first what is there, then right from the source.
    ///
    /// - Returns: how many; 0 at the end.
    mutating func move(into output: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        if isEmpty {
            if hasEnded { return 0 }
            let count = try unsafe source.read(into: output)
            hasEnded = count == 0
            offset += count
            return count
        }
        let count = min(output.count, end - start)
        unsafe output.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: memory[start..<start + count]))
        take(count)
        return count
    }

    /// Leaves out bytes without reading them, as far as the source can.
    ///
    /// - Returns: how many.
    mutating func leap(_ count: Int) throws(FileError) -> Int {
        let buffered = min(count, end - start)
        take(buffered)
        if buffered == count || hasEnded { return buffered }
        let leapt = try source.leap(count - buffered)
        offset += leapt
        return buffered + leapt
    }
}
