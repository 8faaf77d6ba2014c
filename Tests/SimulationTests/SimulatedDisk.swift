import Glibc

@testable import Ring

/// What a power cut leaves of a file: the pages that were written back, in whatever order.
///
/// The process sees the page cache, which is the real file. Beside it stands what the disk has:
/// everything at each sync, and pages that the kernel chose to write back in between.
struct SimulatedDisk {
    static let pageBytes = 4096
    static let sectorBytes = 512

    let path: String
    private(set) var image: [UInt8] = []

    init(path: String) {
        self.path = path
        sync()
    }

    /// Everything that is in the page cache reaches the disk.
    mutating func sync() { image = contents() }

    /// Some pages reach it, in no order.
    mutating func writeBack(using dice: inout some RandomNumberGenerator) {
        let cache = contents()
        guard cache.count == image.count else { return sync() }
        for page in dirtyPages(cache) where Bool.random(using: &dice) {
            copy(cache, page)
        }
    }

    /// The page cache is gone; of a page that was on its way, some sectors arrive.
    mutating func cutPower(using dice: inout some RandomNumberGenerator) {
        let cache = contents()
        if cache.count == image.count {
            for page in dirtyPages(cache) where Int.random(in: 0..<4, using: &dice) == 0 {
                for start in stride(
                    from: page.lowerBound, to: page.upperBound, by: Self.sectorBytes)
                where Bool.random(using: &dice) {
                    copy(cache, start..<min(start + Self.sectorBytes, page.upperBound))
                }
            }
        }
        write(image, to: path)
    }

    /// Damages a few bits, on the disk too. One copy of each part of the header is spared, or no ring
    /// would be left.
    mutating func flipBits(using dice: inout some RandomNumberGenerator) {
        var bytes = contents()
        let copy = Int.random(in: 0...1, using: &dice)
        for _ in 0..<Int.random(in: 1...4, using: &dice) {
            let offset = place(copy, bytes.count, using: &dice)
            bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
        }
        restore(bytes)
        sync()
    }

    private func place(
        _ copy: Int, _ fileBytes: Int, using dice: inout some RandomNumberGenerator
    ) -> Int {
        switch Int.random(in: 0..<8, using: &dice) {
        case 0:
            return Layout.superblockOffsets[copy]
                + Int.random(in: 0..<Layout.superblockBytes, using: &dice)
        case 1, 2:
            // Mark, session or confirmation.
            let kinds = [Layout.markSlots, Layout.sessionSlots, Layout.confirmationSlots]
            let slots = kinds.randomElement(using: &dice)!
            return (copy == 0 ? slots.first : slots.second) + Int.random(in: 0..<64, using: &dice)
        case 3:
            return Layout.registryOffsets[copy]
                + Int.random(in: 0..<Layout.registryEntryBytes, using: &dice)
        case 4:
            return Layout.ledgerOffset + Int.random(in: 0..<Layout.ledgerRecordBytes, using: &dice)
        default: return Int.random(in: Layout.headerBytes..<fileBytes, using: &dice)
        }
    }

    /// The whole file as the process sees it.
    func contents() -> [UInt8] { read(path) }

    /// Brings back what the file was at an instant, in place: it stays the same file.
    func restore(_ bytes: [UInt8]) { write(bytes, to: path) }

    private mutating func copy(_ cache: [UInt8], _ range: Range<Int>) {
        image.replaceSubrange(range, with: cache[range])
    }

    private func dirtyPages(_ cache: [UInt8]) -> [Range<Int>] {
        stride(from: 0, to: cache.count, by: Self.pageBytes).compactMap { start in
            let end = min(start + Self.pageBytes, cache.count)
            let isSame = cache.withUnsafeBytes { new in
                image.withUnsafeBytes { old in
                    memcmp(new.baseAddress! + start, old.baseAddress! + start, end - start) == 0
                }
            }
            return isSame ? nil : start..<end
        }
    }
}

/// The bytes of a file; none when it is not there.
func read(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var status = stat()
    fstat(descriptor, &status)
    return [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
        count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, 0))
    }
}

/// Makes a file have exactly these bytes.
func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0)
    defer { close(descriptor) }
    ftruncate(descriptor, off_t(bytes.count))
    let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    precondition(count == bytes.count)
}
