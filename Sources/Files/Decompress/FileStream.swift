/// A file's content, decompressed piece by piece as its first bytes ask for. Memory is bounded by
/// `FilesLimits.streamBytesMax` and allocated before the first piece, but for zstd's window, which
/// is allocated when a frame says how large it is.
package struct FileStream<Source: ByteSource & ~Copyable>: ~Copyable {
    private enum State {
        /// Where a member begins, or the file ends.
        case between
        case inside
        /// Zero bytes behind the last member.
        case padding
        case ended(StreamEnding)
        /// The library had no memory, and cannot go on from there.
        case exhausted
    }

    private var input: InputBuffer<Source>
    /// `nil` for a plain file.
    private let decompressor: (any Decompressor)?
    private var state = State.between
    /// Raw bytes before the present member.
    private var memberOffset = 0
    /// The decompressor can do nothing without more input.
    private var isStarved = false

    /// How the file is compressed.
    package let format: CompressedFormat
    /// Decompressed bytes delivered so far.
    package private(set) var producedBytes = 0

    /// Reads as much as is needed to know the format.
    ///
    /// - Parameters:
    ///   - source: the file behind `prefix`.
    ///   - prefix: what was read of the file before, from its beginning; at most
    ///     `FilesLimits.inputBytes`.
    package init(_ source: consuming Source, prefix: Span<UInt8>) throws(FileError) {
        var input = InputBuffer(source, prefix: prefix)
        while input.withSpan(CompressedFormat.needsMore), try input.readMore() {}
        let format = input.withSpan(CompressedFormat.detect)
        let decompressor = makeDecompressor(format)
        if format != .plain && decompressor == nil { throw input.outOfMemory }
        self.input = input
        self.format = format
        self.decompressor = decompressor
    }

    /// The same when nothing was read before.
    package init(_ source: consuming Source) throws(FileError) {
        try self.init(source, prefix: Span())
    }

    /// Raw bytes used so far, `prefix` included; for a measure of progress.
    package var consumedBytes: Int { input.offset }

    /// How it ended; `nil` as long as there may be more.
    package var ending: StreamEnding? {
        if case .ended(let ending) = state { ending } else { nil }
    }

    /// Delivers the next bytes. After an error of the source this may be called again, and nothing
    /// was lost by it; after `ENOMEM` the file has to be opened anew.
    ///
    /// - Parameter output: not empty.
    /// - Returns: how many bytes there were; 0 when it has ended, and then `ending` says how.
    package mutating func read(
        into output: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        precondition(output.count > 0)
        while true {
            let count: Int
            switch state {
            case .ended: return 0
            case .between: count = try unsafe startMember(output)
            case .inside: count = try unsafe decompress(output)
            case .padding: count = try skipPadding()
            case .exhausted: throw input.outOfMemory
            }
            producedBytes += count
            if count > 0 { return count }
        }
    }

    /// Reads and discards, so that reading goes on where it once was.
    ///
    /// - Parameters:
    ///   - target: decompressed bytes before that place; not less than `producedBytes`.
    ///   - piece: memory to read into, not empty.
    /// - Returns: `producedBytes`, which is less than `target` when the content is shorter.
    package mutating func skip(
        to target: Int, using piece: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        precondition(target >= producedBytes)
        if format == .plain { producedBytes += try input.leap(target - producedBytes) }
        while producedBytes < target, ending == nil {
            let count = min(piece.count, target - producedBytes)
            _ = try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: piece[..<count]))
        }
        return producedBytes
    }

    // MARK: - Steps. Each consumes something, produces something, or changes the state.

    private mutating func startMember(
        _ output: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        guard let decompressor else {
            let count = try unsafe input.move(into: output)
            if count == 0 { state = .ended(.complete) }
            return count
        }
        try input.fill(atLeast: type(of: decompressor).beginBytesMax)
        memberOffset = input.offset
        if input.isEmpty {
            state = .ended(.complete)
            return 0
        }
        switch input.withSpan(decompressor.begin) {
        case .member: (state, isStarved) = (.inside, false)
        case .padding: state = .padding
        case .garbage: end(.garbage, at: input.offset)
        case .cutOff: endCutOff()
        }
        return 0
    }

    private mutating func decompress(
        _ output: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        guard let decompressor else { preconditionFailure("BUG: a plain file has no members") }
        if isStarved {
            guard try input.readMore() else {
                endCutOff()
                return 0
            }
            isStarved = false
        }
        let step = unsafe input.withBytes { unsafe decompressor.step($0, output) }
        input.take(step.consumed)
        try follow(step)
        return step.produced
    }

    private mutating func follow(_ step: Step) throws(FileError) {
        switch step.outcome {
        case .memberEnd: state = .between
        case .fault(let kind): end(kind, at: input.offset)
        case .outOfMemory:
            state = .exhausted
            throw input.outOfMemory
        case .unfinished:
            isStarved = step.consumed == 0 && step.produced == 0
            if isStarved && !input.isEmpty { end(.corrupt("no progress"), at: input.offset) }
        }
    }

    private mutating func skipPadding() throws(FileError) -> Int {
        try input.fill(atLeast: 1)
        let zeros = input.withSpan { bytes in
            bytes.indices.first { bytes[$0] != 0 } ?? bytes.count
        }
        input.take(zeros)
        if !input.isEmpty {
            memberOffset = input.offset
            end(.garbage, at: input.offset)
        } else if zeros == 0 {
            state = .ended(.complete)
        }
        return 0
    }

    // MARK: - Ends

    private mutating func end(_ kind: StreamFault.Kind, at offset: Int) {
        let fault = StreamFault(
            kind: kind, format: format, offset: offset, memberOffset: memberOffset)
        state = .ended(.broken(fault))
    }

    /// What is left belongs to the member that is not all there.
    private mutating func endCutOff() {
        input.take(input.withSpan { $0.count })
        end(.cutOff, at: input.offset)
    }
}

/// `nil` for plain files, and when there is no memory.
private func makeDecompressor(_ format: CompressedFormat) -> (any Decompressor)? {
    switch format {
    case .plain: nil
    case .gzip: GzipDecompressor()
    case .zstd: ZstdDecompressor()
    }
}
