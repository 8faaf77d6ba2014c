/// Where things stand in the file; `docs/ring-format.md` is the specification.
enum Layout {
    static let magic: UInt64 = 0x676E_6952_6563_6C53  // "SlceRing", little-endian.
    static let version: UInt32 = 1

    /// Two copies of the part that never changes, on pages of their own.
    static let superblockOffsets = [0, 4096]
    static let superblockBytes = 512

    /// Two slots of each kind, written in turns, on different pages and in disk sectors of their own.
    static let markSlots = (first: 8192, second: 12288)
    static let sessionSlots = (first: 8704, second: 12800)
    static let confirmationSlots = (first: 9216, second: 13312)

    /// Two copies of the registry of sources.
    static let registryOffsets = [16384, 49152]
    static let registryEntryBytes = 128

    /// Two copies of each block of counters, a record's first ones in its first half.
    static let ledgerOffset = 81920
    static let ledgerRecordBytes = 2048
    static let intakeBlockBytes = 256
    static let outcomeBlockBytes = 768

    static let headerBytes = 262_144

    static let frameHeaderBytes = 32
    static let jumpBytes = 16
    static let alignment = 8

    /// Bytes that never hold anything, not even the markers that the reserve is for: a ring whose
    /// head has the offset of its tail is empty.
    static let gapBytes = 40

    /// The most that one padding marker covers; longer gaps take several.
    static let paddingBytesMax = (1 << 24) - 8

    static func roundUp(_ bytes: Int) -> Int { (bytes + alignment - 1) & ~(alignment - 1) }

    /// Bytes that a frame with such a payload takes.
    static func frameBytes(payload: Int) -> Int { frameHeaderBytes + roundUp(payload) }

    /// Any frame up to this fits an empty ring wherever its head stands: in the worst case the
    /// padding before the end of the area is 8 bytes shorter than the frame.
    static func payloadBytesMax(capacity: Int) -> Int {
        let frame = (capacity - RingLimits.reservedBytes) / 2 & ~(alignment - 1)
        return min(RingLimits.payloadBytesMax, frame - frameHeaderBytes)
    }
}
