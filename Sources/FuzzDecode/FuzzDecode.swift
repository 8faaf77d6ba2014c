import Glibc
import LineProtocol

/// Feeds any bytes to the decoders. What must hold whatever the bytes are: nothing is read outside
/// of the payload (the address sanitizer watches), every slice lies where it may, and a payload
/// gives the same results whole, in a small batch, in pieces of any size, and with or without the
/// prediction of layouts.
///
/// The first bytes of the input choose precision, limit and pieces; the rest is the payload.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDecode(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    guard let data, size >= Plan.byteCount else { return 0 }
    let plan = Plan(data)
    // Of exactly the right size and from the heap: one byte too far is noticed.
    let payload = UnsafeMutableRawBufferPointer.allocate(
        byteCount: size - Plan.byteCount, alignment: 1)
    defer { payload.deallocate() }
    payload.copyMemory(
        from: UnsafeRawBufferPointer(start: data + Plan.byteCount, count: payload.count))

    let whole = decodeWhole(UnsafeRawBufferPointer(payload), plan, lineCapacity: 64)
    let tight = decodeWhole(UnsafeRawBufferPointer(payload), plan, lineCapacity: 1)
    precondition(whole.bytes == tight.bytes, "the size of the batch changed the results")
    let pieces = decodeInPieces(UnsafeRawBufferPointer(payload), plan)
    precondition(whole.bytes == pieces.bytes, "pieces gave other results than the whole")
    checkPrediction(UnsafeRawBufferPointer(payload), plan)
    let lineFeeds = payload.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    precondition(whole.lineCount <= lineFeeds + 1, "more results than lines")
    return 0
}

/// How one input is decoded.
private struct Plan {
    static let byteCount = 4
    let precision: Precision
    let lineBytesMax: Int
    let pieceBytesMax: Int
    let seed: UInt64

    init(_ bytes: UnsafePointer<UInt8>) {
        precision = Precision(rawValue: bytes[0] % UInt8(Precision.allCases.count))!
        // Mostly roomy; sometimes so small that limits are met everywhere.
        lineBytesMax = bytes[1] < 128 ? 4096 : Int(bytes[1] - 127)
        pieceBytesMax = Int(bytes[2] % 16) + 1
        seed = UInt64(bytes[3])
    }
}

/// Decodes each line several times in a row, first as it is and then with other digits, so that a
/// layout is learnt and met; and one line by itself so often that its form is, too.
private func checkPrediction(_ payload: UnsafeRawBufferPointer, _ plan: Plan) {
    let lines = payload.split(separator: UInt8(ascii: "\n"))
    guard !lines.isEmpty else { return }
    var repeated: [UInt8] = []
    for line in lines {
        for turn in 0..<4 { appendLike(line, turn: turn, plan, to: &repeated) }
    }
    checkPrediction(repeated, plan)
    checkForm(lines[Int(plan.seed) % lines.count], plan)
}

/// Decodes a line until its form is known, and then with one other byte, each time another one.
private func checkForm(_ line: Slice<UnsafeRawBufferPointer>, _ plan: Plan) {
    let turnsUntilForm = 12
    var repeated: [UInt8] = []
    var random = plan.seed
    for turn in 0..<2 * turnsUntilForm {
        let start = repeated.count
        appendLike(line, turn: turn, plan, to: &repeated)
        if turn >= turnsUntilForm {
            random = next(random)
            let byte = UInt8(truncatingIfNeeded: random >> 24)
            repeated[start + Int(random >> 33) % line.count] = byte
        }
    }
    checkPrediction(repeated, plan)
}

/// Appends a line with other digits in each turn.
private func appendLike(
    _ line: Slice<UnsafeRawBufferPointer>, turn: Int, _ plan: Plan, to bytes: inout [UInt8]
) {
    for byte in line {
        let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        let digit = (Int(byte) &- 48 &+ turn &* Int(plan.seed)) % 10
        bytes.append(isDigit ? UInt8(48 + digit) : byte)
    }
    bytes.append(UInt8(ascii: "\n"))
}

private func checkPrediction(_ payload: [UInt8], _ plan: Plan) {
    payload.withUnsafeBytes { bytes in
        let predicted = decodeWhole(bytes, plan, lineCapacity: 64)
        let scanned = decodeWhole(bytes, plan, lineCapacity: 64, predictsLayout: false)
        precondition(predicted.bytes == scanned.bytes, "the prediction changed the results")
    }
}

/// The number behind this one, by chance.
private func next(_ random: UInt64) -> UInt64 {
    random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
}

private func decodeWhole(
    _ payload: UnsafeRawBufferPointer, _ plan: Plan, lineCapacity: Int,
    predictsLayout: Bool = true
) -> Transcript {
    var decoder = Decoder(lineBytesMax: plan.lineBytesMax, predictsLayout: predictsLayout)
    var batch = DecodedBatch(lineCapacity: lineCapacity, lineBytesMax: plan.lineBytesMax)
    var transcript = Transcript()
    var offset = 0
    repeat {
        let next = decoder.decode(
            payload, from: offset, precision: plan.precision, into: &batch)
        precondition(next > offset || payload.isEmpty, "no progress")
        precondition(batch.lineCount <= lineCapacity)
        transcript.add(batch, rawWithin: payload)
        offset = next
    } while offset < payload.count
    return transcript
}

private func decodeInPieces(_ payload: UnsafeRawBufferPointer, _ plan: Plan) -> Transcript {
    var decoder = StreamDecoder(precision: plan.precision, lineBytesMax: plan.lineBytesMax)
    var transcript = Transcript()
    var state = plan.seed
    var rest = payload[...]
    while !rest.isEmpty {
        state = next(state)
        let count = min(rest.count, Int(state >> 33) % plan.pieceBytesMax + 1)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        piece.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
        decoder.feed(UnsafeRawBufferPointer(piece)) { transcript.add($0, rawWithin: nil) }
        piece.deallocate()
        rest = rest.dropFirst(count)
    }
    decoder.finish { transcript.add($0, rawWithin: nil) }
    return transcript
}
