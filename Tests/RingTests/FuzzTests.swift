import Glibc
import TestSupport
import Testing

@testable import Ring

/// Uses a ring in every way, after whatever happened to its file.
private func exercise(_ ring: Ring, _ dice: inout Dice) throws {
    _ = try? ring.register(source: "other")
    for index in 0..<256 { _ = ring.source(UInt16(index)) }
    _ = ring.ledgerIndexes.map { ring.ledger(of: $0) }
    for _ in 0..<4 {
        let frames = (0..<6).map { _ in
            Kept(FrameInfo(receivedAt: 1, source: 2), dice.bytes(dice.below(600)))
        }
        ring.append(frames, overflow: Bool.random(using: &dice) ? .dropNewest : .dropOldest)
        let before = ring.contents()
        _ = try? ring.resume(after: dice.next() >> UInt64(dice.below(64)))
        #expect(before.isEmpty || ring.contents().count <= before.count)
        if let pinned = ring.pin(byteLimit: 1000) { try ring.release(to: pinned.end) }
        #expect(ring.isBalanced)
    }
}

/// Breaks the file in some way.
private func mutate(_ bytes: inout [UInt8], _ dice: inout Dice) {
    // Most of the header is empty: aim at what is not.
    let targets = [
        0..<512, 8192..<8832, 12288..<12928, 16384..<16768, 81_920..<90_112,
    ]
    let area = Layout.headerBytes..<bytes.count
    let range = dice.below(4) == 0 ? targets[dice.below(5)] : area
    let offset = range.lowerBound + dice.below(range.count)
    let length = min(1 + dice.below(600), range.upperBound - offset)
    switch dice.below(6) {
    case 0: bytes[offset] ^= 1 << dice.below(8)
    case 1: bytes[offset] = UInt8(truncatingIfNeeded: dice.next())
    case 2: bytes.replaceSubrange(offset..<offset + length, with: repeatElement(0, count: length))
    case 3: bytes.replaceSubrange(offset..<offset + length, with: dice.bytes(length))
    case 4:
        let source = area.lowerBound + dice.below(area.count - length)
        bytes.replaceSubrange(
            offset..<offset + length, with: Array(bytes[source..<source + length]))
    default:
        let sector = offset / 512 * 512
        bytes.replaceSubrange(sector..<sector + 512, with: repeatElement(0, count: 512))
    }
}

@Test func `no damage makes a ring crash, and opening it once repairs it`() throws {
    let specimen = try Specimen()
    var dice = Dice(state: seed("no damage makes a ring crash"))
    for _ in 0..<400 * effort {
        var changed = specimen.bytes
        for _ in 0...dice.below(12) { mutate(&changed, &dice) }
        if dice.below(10) == 0 { changed.removeLast(dice.below(4096)) }
        writeFile(specimen.path, changed)
        do throws(RingError) {
            var (ring, report): (Ring?, RecoveryReport) = try openRing(
                specimen.path, boot: UInt64(1 + dice.below(2)))
            let boot = try specimen.currentBoot()
            let contents = ring!.contents()
            #expect(report.frames == contents.count)
            ring = nil
            (ring, report) = try openRing(specimen.path, boot: boot)
            #expect(report.isFlawless, "the first opening repaired everything")
            #expect(ring!.contents() == contents)
            do { try exercise(ring!, &dice) } catch { Issue.record(error) }
        } catch {
            let isUnchanged = readFile(specimen.path) == changed
            #expect(isUnchanged, "refused, and left as it was: \(error)")
        }
        specimen.dropDamageFiles()
    }
}

@Test func `whatever stands in the area and the marks, it is survived`() throws {
    let specimen = try Specimen()
    var dice = Dice(state: seed("whatever stands in the area"))
    var map = specimen.bytes
    for _ in 0..<300 * effort {
        map.replaceSubrange(
            Layout.headerBytes..<map.count, with: dice.bytes(map.count - Layout.headerBytes))
        let area = 4096
        map.withUnsafeMutableBytes { all in
            let memory = Region(base: all.baseAddress!, count: all.count)
            let superblock = try! Superblock.read(from: memory, path: "").superblock
            let seed = superblock.identity.seed
            // Entries that are valid by themselves, wherever, with positions around the marks.
            let codec = EntryCodec(area: memory.part(Layout.headerBytes, area), seed: seed)
            let base = dice.next() >> UInt64(1 + dice.below(63)) & ~7
            let tail = Cursor(position: base, offset: dice.below(area / 8) * 8)
            for _ in 0..<dice.below(8) {
                let distance = dice.below(area / 8 - 8) * 8
                var cursor = tail.advanced(by: distance, capacity: area)
                cursor.offset = min(cursor.offset, area - 64)
                switch dice.below(3) {
                case 0: codec.writePadding(8 * (1 + dice.below(1000)), at: cursor)
                case 1: codec.writeJump(to: cursor.position + 1 + dice.next() >> 2, at: cursor)
                default:
                    let payload = UnsafeRawBufferPointer(start: all.baseAddress, count: 24)
                    codec.writeFrame(
                        Arrival(info: FrameInfo(receivedAt: 0, source: 0), payload: payload),
                        at: cursor)
                }
            }
            var slots = Slots(header: memory, seed: seed, offsets: Layout.markSlots)
            let words = [
                tail.position, UInt64(tail.offset), base &+ dice.next() >> UInt64(dice.below(64)),
                UInt64(dice.below(600) * 8), dice.next() >> 32, dice.next() >> 31,
            ]
            var inline = Slots.Words(repeating: 0)
            for index in inline.indices { inline[index] = words[index] }
            slots.write(inline)
        }
        writeFile(specimen.path, map)
        do throws(RingError) {
            let boot = UInt64(1 + dice.below(2))
            _ = try openRing(specimen.path, boot: boot)
            let (ring, report) = try openRing(specimen.path, boot: boot)
            #expect(report.damageCount == 0)
            do { try exercise(ring, &dice) } catch { Issue.record(error) }
        } catch {
            #expect(error.description.contains("damaged"))
        }
        specimen.dropDamageFiles()
    }
}

extension Specimen {
    /// The number of the boot that the file was opened in last.
    func currentBoot() throws(RingError) -> UInt64 {
        let bytes = readFile(path)
        var copy = bytes
        return copy.withUnsafeMutableBytes { all in
            let memory = Region(base: all.baseAddress!, count: all.count)
            let superblock = try! Superblock.read(from: memory, path: "").superblock
            let slots = Slots(
                header: memory, seed: superblock.identity.seed, offsets: Layout.sessionSlots)
            return Session(slots.newest()!).boot
        }
    }
}

/// The disk after a power cut: of every sector either what the last sync left, or something newer.
@Test func `what was synced before a power cut is there`() throws {
    var dice = Dice(state: seed("what was synced before a power cut"))
    for _ in 0..<60 * effort {
        let folder = Folder()
        let path = folder.file("ring")
        var (ring, _): (Ring?, RecoveryReport) = try openRing(path)
        var serial: Int64 = 0
        func work(_ steps: Int) throws {
            for _ in 0..<steps {
                let frames = (0..<dice.below(6)).map { _ in
                    serial += 1
                    return Kept(
                        FrameInfo(receivedAt: serial, source: 0), dice.bytes(dice.below(300)))
                }
                ring!.append(frames)
                guard let pinned = ring!.pin(byteLimit: 1 + dice.below(1500)) else { continue }
                if dice.below(2) == 0 { try ring!.release(to: pinned.end) } else { ring!.unpin() }
            }
        }
        try work(20)
        try ring!.sync()
        let synced = ring!.contents()
        var disk = readFile(path)
        try work(dice.below(8))
        let released = ring!.contents().first?.info.receivedAt ?? Int64.max
        let newer = readFile(path)
        ring = nil
        for sector in stride(from: 0, to: disk.count, by: 512) where dice.below(2) == 0 {
            disk.replaceSubrange(sector..<sector + 512, with: newer[sector..<sector + 512])
        }
        writeFile(path, disk)
        let (recovered, report) = try openRing(path, boot: 2)
        let promised = synced.filter { $0.info.receivedAt >= released }
        let contents = recovered.contents()
        #expect(isInOrder(promised, in: contents))
        #expect(contents.map(\.info.receivedAt) == contents.map(\.info.receivedAt).sorted())
        #expect(try #require(report.jumpTarget) >= 1 << 40)
    }
}
